// A model's configuration as Triton's clients send it: the fields of config.pbtxt as JSON.
#pragma once

#include <string_view>

#include "base/status.h"
#include "model/model_version.h"

namespace plinth {

// Changes the deployment by a Triton ModelConfig in JSON: engine, batches, instances, cache and all
// else that config.pbtxt may say; what it does not name stays as it is. What has no effect here is
// added to the deployment's warnings. INVALID_ARGUMENT: "config: ..."; INVALID_MODEL for a backend
// that is not served.
Status ApplyTritonConfig(std::string_view json, DeploySpec& spec);

}  // namespace plinth
