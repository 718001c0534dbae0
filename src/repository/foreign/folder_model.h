// A version that lies in some folder, made of what its configuration says.
#pragma once

#include <filesystem>
#include <span>

#include "model/model_version.h"
#include "repository/model_folder.h"

namespace plinth {

// `parts` are all files and folders that it is another version with if they change.
FolderModel MakeFolderModel(DeploySpec spec, std::span<const std::filesystem::path> parts);

}  // namespace plinth
