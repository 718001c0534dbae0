// Which model, version and signature a request of TF Serving's protocols is for.
//
// TF Serving numbers its versions, here they have names. The number 3 stands for the version "3"
// or, if there is none, "v3". Versions of other names are asked for like a label. Clients of
// OpenVINO Model Server ask for the version 0 where they mean none: so it is if there is no such
// version.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace plinth::api::tfserving {

struct ModelSpec {
  std::string name;
  // At most one of the two; neither: the model's traffic policy chooses.
  std::optional<std::int64_t> version{};
  std::optional<std::string> label{};
  std::string signature_name{};  // empty: the default one
};

// The number by which TF Serving's clients know a version.
std::optional<std::int64_t> VersionNumber(std::string_view version);

// NOT_FOUND: "Servable not found for request: Latest(m)".
Error ServableNotFound(const ModelSpec& spec);

// INVALID_ARGUMENT: the model has neither a label nor a version of that name.
Error UnrecognizedLabel(const ModelSpec& spec);

}  // namespace plinth::api::tfserving
