// Whether an interpreter can be embedded, and which library that would be.
#pragma once

#include <string>
#include <vector>

#include "common/failure.h"

namespace plinth::python {

struct FoundLibrary {
  std::string library;
  std::vector<std::string> module_paths;  // its sys.path
};

// Asks the interpreter itself, by the program embedding.py in `scripts`. UNAVAILABLE: it cannot be
// embedded, and why.
kit::Result<FoundLibrary> FindLibrary(const std::string& interpreter, const std::string& scripts);

}  // namespace plinth::python
