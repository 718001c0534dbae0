// Remembers which keys were evicted lately, in eight to sixteen bytes a key and one cache line a
// look-up.
//
// Each key belongs to one bucket of eight; a full bucket forgets its oldest. A key counts as
// remembered until as many others have been added since as the caller's `window` says. Of the key
// 32 bits beside the bucket are kept: about one in 500 million look-ups finds what was never added.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/hash128.h"

namespace plinth {

class GhostKeys {
 public:
  // Grows, forgetting all, if `window` has outgrown the table. If there is no memory for that it
  // stays as it is.
  void Add(const Hash128& key, std::size_t window) {
    if (window > buckets_.size() * kWays) Grow(window);
    if (buckets_.empty()) return;
    ++added_;
    auto& bucket = BucketOf(key);
    *std::ranges::max_element(bucket, {}, [this](const Ghost& g) { return Age(g); }) = {TagOf(key),
                                                                                        added_};
  }

  // Whether the key is remembered; it no longer is after that.
  bool Take(const Hash128& key, std::size_t window) {
    if (buckets_.empty()) return false;
    for (Ghost& ghost : BucketOf(key)) {
      if (ghost.tag != TagOf(key) || Age(ghost) >= window) continue;
      ghost = {};
      return true;
    }
    return false;
  }

 private:
  static constexpr std::size_t kWays = 8;

  struct Ghost {
    std::uint32_t tag = 0;  // 0: none
    std::uint32_t at = 0;   // what added_ was
  };
  struct alignas(64) Bucket : std::array<Ghost, kWays> {};

  static std::uint32_t TagOf(const Hash128& key) {
    return static_cast<std::uint32_t>(key.low >> 32) | 1;
  }
  Bucket& BucketOf(const Hash128& key) { return buckets_[key.low & (buckets_.size() - 1)]; }
  // How many were added after it; the most for none. Counts wrap around like added_ does.
  std::size_t Age(const Ghost& ghost) const {
    return ghost.tag == 0 ? SIZE_MAX : added_ - ghost.at;
  }

  void Grow(std::size_t window);

  std::vector<Bucket> buckets_;  // a power of two
  std::uint32_t added_ = 0;
};

}  // namespace plinth
