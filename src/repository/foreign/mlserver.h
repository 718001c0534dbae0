// Models as MLServer has them: each a file model-settings.json, somewhere in the repository.
//
//   {"name": "digits", "implementation": "mlserver_sklearn.SKLearnModel",
//    "parameters": {"uri": "./pipeline.joblib", "version": "v0.1.0"}}
#pragma once

#include <filesystem>
#include <vector>

#include "base/status.h"
#include "repository/model_folder.h"

namespace plinth {

inline constexpr const char* kMlServerFile = "model-settings.json";

// The model-settings.json in the folder and below it, at most eight levels deep; sorted.
std::vector<std::filesystem::path> FindMlServerModels(const std::filesystem::path& dir);

// Adds the model that the file describes: it has a problem if it cannot be read or served.
void ScanMlServerModel(const std::filesystem::path& file, ModelFolder& folder);

}  // namespace plinth
