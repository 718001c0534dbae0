#include "cli/engine_environment.h"

#include <cstdlib>

#include <fmt/ranges.h>

namespace plinth::cli {

void TellEngines(const std::vector<std::string>& pythons, const std::string& environments,
                 const std::vector<std::string>& code_roots) {
  if (!pythons.empty())
    ::setenv("PLINTH_PYTHON", fmt::format("{}", fmt::join(pythons, ":")).c_str(), 1);
  if (!environments.empty()) ::setenv("PLINTH_PYTHON_ENVIRONMENTS", environments.c_str(), 1);
  ::setenv("PLINTH_CODE_ROOTS", fmt::format("{}", fmt::join(code_roots, "\n")).c_str(), 1);
}

}  // namespace plinth::cli
