// What kind of model a path holds, and who can serve it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace plinth {

// One kind of model file.
struct ModelFormat {
  std::string_view name;                     // "an ONNX model"
  std::string_view framework;                // the framework shown when none is given
  std::vector<std::string_view> frameworks;  // every framework that may be named for it
  std::vector<std::string_view> engines;     // who can serve it, the default first
  bool program = false;                      // source text: only a file called model.* says so
};

struct DetectedModel {
  const ModelFormat* format = nullptr;  // nullptr: no known format; backends may be asked
  std::string path;                     // the file, or the folder where the format is one
};

// Looks at names and first bytes only. A folder that is no model itself must hold exactly one model
// file: INVALID_MODEL lists what was found otherwise. INVALID_MODEL also for formats that are
// recognised but not served, saying how to convert. A folder with files of several formats holds
// the program called model.* if `framework` is that of programs.
Result<DetectedModel> DetectModel(const std::string& path, std::string_view framework = {});

// "sklearn" for "scikit-learn", ...: the one name of a framework; unchanged if unknown.
std::string CanonicalFramework(std::string_view framework);

// The frameworks that are known, for messages.
std::span<const std::string_view> KnownFrameworks();

}  // namespace plinth
