// One model of a Triton repository: from its folder to deployments.
#pragma once

#include <string>

#include "repository/model_folder.h"

namespace plinth {

// Adds the versions of the model in the folder `dir`, whose name is the model's.
void ScanTritonModel(const std::string& dir, ModelFolder& folder);

}  // namespace plinth
