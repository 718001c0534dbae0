// The folders that models may come from, and nothing outside them.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "base/status.h"

namespace plinth {

class ModelRoots {
 public:
  // Folders that do not exist yet are kept and looked at again with each call.
  explicit ModelRoots(std::vector<std::string> roots) : roots_(std::move(roots)) {}

  // A further one. Any thread.
  void Add(const std::string& root);

  // The real, absolute path of the file or folder that `path` names. A relative path is looked for
  // under each root in turn, then under the working directory. PERMISSION_DENIED for a path with
  // ".." in it, one outside the roots, or one that a symbolic link, its own or one inside the
  // folder, leads out of them; NOT_FOUND if nothing is there.
  Result<std::string> Resolve(const std::string& path) const;

 private:
  mutable std::mutex mutex_;  // guards roots_
  std::vector<std::string> roots_;
};

}  // namespace plinth
