// A folder of models, as --models takes it:
//
//   <models>/<name>/<version>/files     version folders are named 1, v2, 3.1, ...
//   <models>/<name>/files
//   <models>/<name>.<extension>         a single file
//
// A plinth.json in <name>/ or <version>/ may say {"framework", "engine", "config"}; the inner one
// wins as a whole. Names that IsIgnoredName() and folders without a file are as if they were not
// there.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash128.h"
#include "base/status.h"
#include "model/model_version.h"

namespace plinth {

// Where a setting has its value from, by its key in a configuration: "models/m/plinth.json:3". What
// is not there is by default.
using ValueOrigins = std::map<std::string, std::string, std::less<>>;

// A version that lies in the folder; no two have the same name and version.
struct FolderModel {
  DeploySpec spec;
  ValueOrigins origins;
  Hash128 fingerprint;           // another if any of its files, or its plinth.json, is another
  std::optional<Error> problem;  // why it cannot be deployed, seen without loading it
};

struct ModelFolder {
  std::vector<FolderModel> models;
  std::vector<std::string> skipped;     // what is no model version, and why
  std::vector<std::string> unreadable;  // names of models whose folder could not be looked into
};

// Looks; loads nothing. NOT_FOUND if `dir` is no folder that can be read.
Result<ModelFolder> ScanModelFolder(const std::string& dir);

}  // namespace plinth
