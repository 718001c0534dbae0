// Which keys belong to which version. The hashes of all keys lie evenly on [0, 1); each version
// owns ranges of it that add up to its share.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "traffic/traffic_policy.h"

namespace plinth {

using StickyRanges = std::vector<StickyRange>;

// More are not kept: they are laid out anew then, which moves more keys than a change needs.
inline constexpr std::size_t kMaxStickyRanges = 1'000;

// The same in every process and every release, since users keep their version across restarts.
std::uint64_t HashOfStickyKey(std::string_view key);

// Where on [0, 1) a hash lies.
double PointOf(std::uint64_t hash);

// The ranges for new weights, of which only the share moves to another version that must: what the
// losing ones lose. Weights are divided by their sum; without any above 0 there are no ranges.
// Without old ranges they are laid out in the order of the versions.
StickyRanges Reapportion(std::span<const StickyRange> old, std::span<const VersionTraffic> weights);

}  // namespace plinth
