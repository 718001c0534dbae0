// The folders that models may come from, and nothing outside them.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "base/status.h"

namespace plinth {

class ModelRoots {
 public:
  // Folders that do not exist yet are kept and looked at again with each call. Models that are
  // programs may lie in `code_roots` only, which are model roots as well.
  explicit ModelRoots(std::vector<std::string> roots, std::vector<std::string> code_roots = {});

  // A further one. Any thread.
  void Add(const std::string& root);

  // The real, absolute path of the file or folder that `path` names. A relative path is looked for
  // under each root in turn, then under the working directory. PERMISSION_DENIED for a path with
  // ".." in it, one outside the roots, or one that a symbolic link, its own or one inside the
  // folder, leads out of them; NOT_FOUND if nothing is there.
  Result<std::string> Resolve(const std::string& path) const;

  // Whether a program that lies at `path` may be run: PERMISSION_DENIED unless its real path is in
  // a folder for code, and not in a `.plinth` there: that holds what clients have uploaded.
  Status CheckCode(const std::string& path) const;

 private:
  mutable std::mutex mutex_;  // guards roots_
  std::vector<std::string> roots_;
  const std::vector<std::string> code_roots_;
};

}  // namespace plinth
