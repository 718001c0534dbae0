// What a model's files contain, as part of a hash.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/stable_hash.h"
#include "base/status.h"

namespace plinth {

// The most files that one model may have; more is not what a model looks like.
inline constexpr std::size_t kMaxModelFiles = 10'000;

struct FileDigest {
  std::uint64_t size = 0;
  std::string hash;  // StableHex() of its bytes
};

// UNAVAILABLE if it cannot be read.
Result<FileDigest> DigestOf(const std::string& path);

// Feeds the names and bytes of files, and of all files below folders, into the hash, in an order
// that depends on their names alone. Names are taken relative to `base`, so that a copy elsewhere
// has the same hash. Reads every byte through a buffer of 1 MB; a file that is cut short meanwhile
// does no harm. UNAVAILABLE if something cannot be read, FAILED_PRECONDITION for more than
// kMaxModelFiles.
Status HashContents(std::span<const std::string> paths, const std::string& base,
                    StableHasher& hasher);

}  // namespace plinth
