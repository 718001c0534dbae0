// What a path of TF Serving's REST API means.
//
//   POST /v1/models/<model>[/versions/<number>|/labels/<label>]:predict|classify|regress
//   GET  /v1/models/<model>[/versions/<number>|/labels/<label>][/metadata]
#pragma once

#include <string_view>

#include "api/tfserving/model_spec.h"
#include "base/status.h"
#include "net/http.h"

namespace plinth::api::tfserving {

enum class Method { kPredict, kClassify, kRegress, kStatus, kMetadata };

struct Target {
  Method method = Method::kStatus;
  ModelSpec spec;
};

// `path` is percent-encoded and has no query; its fixed parts are read without regard to case.
// INVALID_ARGUMENT for what is none of these.
Result<Target> ParseTarget(net::Verb verb, std::string_view path);

}  // namespace plinth::api::tfserving
