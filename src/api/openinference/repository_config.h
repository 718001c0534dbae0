// The configuration that comes with a request to load a model, and the request itself.
#pragma once

#include <string>
#include <string_view>

#include "api/openinference/repository.h"
#include "base/status.h"
#include "model/model_version.h"

namespace plinth::api::openinference {

// Changes the deployment by a Triton ModelConfig in JSON: name, backend, platform, max_batch_size,
// dynamic_batching, instance_group, response_cache, parameters. What describes the model's inputs
// and outputs is the model's own business and ignored, as are settings that Plinth has nothing for.
// INVALID_ARGUMENT.
Status ApplyTritonConfig(std::string_view json, DeploySpec& spec);

// {"parameters": {"config": "...", "file:1/model.onnx": "<base64>"}}, or nothing.
// INVALID_ARGUMENT.
Result<LoadRequest> DecodeLoad(std::string_view json);

// One parameter. `bytes` are the file's own, or the configuration's text. INVALID_ARGUMENT.
Status AddLoadParameter(std::string_view name, std::string bytes, LoadRequest& request);

}  // namespace plinth::api::openinference
