// A deployment as text, as the state keeps it.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "model/model_version.h"

namespace plinth {

// {"path", "framework", "engine", "config"}, without what is the model's as a whole.
std::string EncodeDeployment(const DeploySpec& spec);

// Reads it back, but for name and version. INVALID_ARGUMENT.
Result<DeploySpec> ParseDeployment(std::string_view text);

}  // namespace plinth
