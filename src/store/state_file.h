// The state file as the file system sees it, before SQLite does.
#pragma once

#include <string>

#include "base/status.h"

namespace plinth {

struct StateFile {
  std::string path;  // real and absolute
  bool read_only = false;
};

// Makes sure that there is a file, if need be an empty one of mode 0600 in a new folder of mode
// 0700, and finds out whether it can be written: changes need room for a journal beside it, so a
// folder that is read-only makes the file so. FAILED_PRECONDITION (there, but of no use),
// PERMISSION_DENIED (cannot be made), UNAVAILABLE (no space to make it).
Result<StateFile> PrepareStateFile(const std::string& path);

}  // namespace plinth
