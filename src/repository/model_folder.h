// A folder of models, as --models takes it:
//
//   <models>/<name>/<version>/files     version folders are named 1, v2, 3.1, ...
//   <models>/<name>/files
//   <models>/<name>.<extension>         a single file
//
// A plinth.json in <name>/ or <version>/ may say {"framework", "engine", "config"}; the inner one
// wins as a whole.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "model/model_version.h"

namespace plinth {

struct ModelFolder {
  std::vector<DeploySpec> models;
  std::vector<std::string> skipped;  // what was found but not understood, and why
};

// Looks; loads nothing. NOT_FOUND if `dir` is no folder that can be read.
Result<ModelFolder> ScanModelFolder(const std::string& dir);

// Whether text may name a model or a version: 1 to 128 of A-Z a-z 0-9 _ . -, not beginning with a
// dot.
bool IsName(std::string_view text);

}  // namespace plinth
