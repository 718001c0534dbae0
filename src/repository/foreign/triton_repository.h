// A model repository as Triton has it:
//
//   <repository>/<name>/config.pbtxt          optional
//   <repository>/<name>/labels.txt, warmup/   files that it names
//   <repository>/<name>/<version>/files       versions are whole numbers from 1
//
// Folders that have a model-settings.json of MLServer's are read as MLServer reads them; see
// mlserver.h.
#pragma once

#include <string>

#include "base/status.h"
#include "repository/model_folder.h"

namespace plinth {

// Looks; loads nothing. Gives the versions that the version policies choose. What of a model's
// configuration has no effect is among its warnings; a model whose configuration cannot be read
// has a problem, and one that Triton would ignore is skipped. NOT_FOUND if `dir` is no folder that
// can be read.
Result<ModelFolder> ScanModelRepository(const std::string& dir);

}  // namespace plinth
