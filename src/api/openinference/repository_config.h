// The request to load a model: a configuration and files may come with it.
#pragma once

#include <string>
#include <string_view>

#include "api/openinference/repository.h"
#include "base/status.h"

namespace plinth::api::openinference {

// {"parameters": {"config": "...", "file:1/model.onnx": "<base64>"}}, or nothing.
// INVALID_ARGUMENT.
Result<LoadRequest> DecodeLoad(std::string_view json);

// One parameter. `bytes` are the file's own, or the configuration's text. INVALID_ARGUMENT.
Status AddLoadParameter(std::string_view name, std::string bytes, LoadRequest& request);

}  // namespace plinth::api::openinference
