// The files of a model: found, read and transformed once, however often the model is started.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "common/failure.h"
#include "javascript/js_value.h"

namespace plinth::javascript {

struct Module {
  bool json = false;
  std::string text;  // as written
  JsString code;     // what runs; "" for JSON
  JsString map;      // see Transformed; "" where the text runs as it is
};

// Files are named by their path within the folder of the model's main file. Nothing outside of that
// folder is ever opened, whatever links say.
class Modules {
 public:
  // `path` is the main file or a folder with one. INVALID_MODEL if there is none.
  static kit::Result<Modules> Open(const std::string& path);

  const std::string& entry() const { return entry_; }

  // The file that `from` imports as "./name"; a name without its ending is completed as the usual
  // tools do. INVALID_MODEL says what was looked for.
  kit::Result<std::string> Resolve(std::string_view from, std::string_view specifier) const;

  kit::Result<const Module*> Read(const std::string& id);

 private:
  Modules(std::string folder, std::string entry)
      : folder_(std::move(folder)), entry_(std::move(entry)) {}

  std::string folder_;  // with all links resolved
  std::string entry_;
  std::map<std::string, Module> read_;
  std::size_t bytes_ = 0;
};

// The main file of a folder, or "".
std::string MainFile(const std::string& folder);

// Whether the name ends as one of a script.
bool IsScript(std::string_view path);

}  // namespace plinth::javascript
