#include "python/interpreter.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <system_error>
#include <vector>

namespace plinth::python {
namespace {

namespace fs = std::filesystem;

// The parts of a list such as PATH.
std::vector<std::string> ListIn(const char* variable, char divider = ':') {
  std::vector<std::string> parts;
  const char* text = std::getenv(variable);
  std::istringstream list(text == nullptr ? "" : text);
  for (std::string part; std::getline(list, part, divider);) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

bool IsProgram(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

// The program that `path` names, itself or as the folder of a virtual environment; empty if there
// is none.
fs::path ProgramAt(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return IsProgram(path) ? path : fs::path();
  for (const char* name : {"bin/python3", "bin/python"}) {
    if (IsProgram(path / name)) return path / name;
  }
  return {};
}

fs::path OnPath(const std::string& name) {
  for (const std::string& folder : ListIn("PATH")) {
    if (IsProgram(fs::path(folder) / name)) return fs::path(folder) / name;
  }
  return {};
}

// Links of the folders are followed, the last one is not: the interpreter of a virtual environment
// is a link to that of the system, and yet another interpreter.
fs::path Placed(const fs::path& program) {
  std::error_code error;
  return fs::weakly_canonical(program.parent_path(), error) / program.filename();
}

bool IsInside(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first ==
         folder.end();
}

bool IsAllowed(const fs::path& program) {
  const fs::path placed = Placed(program);
  for (const std::string& listed : ListIn("PLINTH_PYTHON")) {
    if (const fs::path known = ProgramAt(listed); !known.empty() && Placed(known) == placed)
      return true;
  }
  return std::ranges::any_of(ListIn("PLINTH_CODE_ROOTS", '\n'), [&](const std::string& root) {
    std::error_code error;
    const fs::path folder = fs::canonical(root, error);
    return !error && IsInside(placed, folder);
  });
}

}  // namespace

kit::Result<std::string> FindInterpreter(const std::string& asked, const std::string& folder) {
  if (asked.empty()) {
    const auto listed = ListIn("PLINTH_PYTHON");
    const fs::path found = listed.empty() ? OnPath("python3") : ProgramAt(listed.front());
    if (!found.empty()) return found.string();
    if (!listed.empty())
      return kit::Fail(PLINTH_UNAVAILABLE, "there is no Python at " + listed.front());
    return kit::Fail(PLINTH_UNAVAILABLE,
                     "there is no python3 on the PATH; install it, or start the server with "
                     "--python PATH");
  }
  const fs::path program = ProgramAt(fs::path(folder) / asked);
  // Of what may not be run nothing is said, not even whether it is there.
  if (program.empty() || !IsAllowed(program)) {
    return kit::Fail(PLINTH_INVALID_ARGUMENT,
                     "option 'python' is '" + asked +
                         "', which is no Python interpreter or virtual environment that may be "
                         "used here; it must lie in a folder of --allow-code, or the server be "
                         "started with --python " +
                         asked);
  }
  return program.string();
}

}  // namespace plinth::python
