// What the files of a model are now, told cheaply: by what the file system says of them, without
// reading them.
#pragma once

#include <cstddef>
#include <string>

#include "base/hash128.h"

namespace plinth {

// Equal as long as no file was changed, added, removed, renamed or replaced by another. Like every
// Hash128 it has no meaning outside this process.
struct Fingerprint {
  Hash128 hash;
  std::size_t files = 0;  // that there are, without the plinth.json of a folder

  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

// Of a file or of all files of a folder: those of WalkModelFiles(), by name, size, inode, and times
// of change. The time at which the inode changed is one of them, because `cp -p` and tools for
// reproducible builds set the other; so a chmod is a change, too. For a path where nothing is it
// has no files.
Fingerprint FingerprintOf(const std::string& path);

}  // namespace plinth
