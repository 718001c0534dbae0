// The compiled form of a model, for backends whose load() is worth remembering.
//
//   kit::CompiledForm compiled(request);
//   if (compiled.Find({request.path})) return FromCompiled(compiled.File("graph"));
//   ... load ...
//   if (const char* folder = compiled.Folder()) Write(folder + "/graph");
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plinth/backend.h"

namespace plinth::kit {

class CompiledForm {
 public:
  explicit CompiledForm(const plinth_load_request& request);

  // Whether an earlier load has left something. `paths` are all that the load depends on.
  bool Find(const std::vector<std::string>& paths);

  // A file of what was found, valid until the model is unloaded; empty if there is none of that
  // name.
  std::span<const std::byte> File(std::string_view name) const;

  // Where to write a form after Find() has found none; nullptr: nowhere.
  const char* Folder() const;

 private:
  const plinth_compiled* compiled_;
  std::span<const plinth_compiled_file> files_;
};

}  // namespace plinth::kit
