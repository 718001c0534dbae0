#include "traffic/sticky_map.h"

#include <algorithm>
#include <cstddef>
#include <string>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace plinth {
namespace {

// Lengths below this come from rounding.
constexpr double kTiny = 1e-12;

struct Need {
  std::string_view version;
  double length;  // still to be given to it
};

// What every version is to own. Empty if no weight is above 0.
std::vector<Need> NeedsOf(std::span<const VersionTraffic> weights) {
  double sum = 0;
  for (const VersionTraffic& entry : weights) sum += entry.traffic;
  std::vector<Need> needs;
  for (const VersionTraffic& entry : weights) {
    if (entry.traffic > 0) needs.push_back({entry.version, entry.traffic / sum});
  }
  return needs;
}

// Lays ranges one behind the other; neighbours of one version become one.
class Layout {
 public:
  void Add(std::string_view version, double length) {
    if (length < kTiny) return;
    end_ += length;
    if (ranges_.empty() || ranges_.back().version != version) {
      ranges_.push_back({end_, std::string(version)});
    } else {
      ranges_.back().end = end_;
    }
  }
  StickyRanges Take() && {
    if (!ranges_.empty()) ranges_.back().end = 1;
    return std::move(ranges_);
  }

 private:
  StickyRanges ranges_;
  double end_ = 0;
};

struct Piece {
  std::string_view version;  // empty: given up by its owner
  double length;
};

// Every version keeps the first of what it owns, as much as it needs, and gives up the rest.
std::vector<Piece> KeepNeeded(std::span<const StickyRange> old, std::vector<Need>& needs) {
  std::vector<Piece> pieces;
  double begin = 0;
  for (const StickyRange& range : old) {
    const double length = range.end - begin;
    begin = range.end;
    const auto need = std::ranges::find(needs, range.version, &Need::version);
    const double kept = need == needs.end() ? 0 : std::min(length, need->length);
    if (kept > 0) {
      need->length -= kept;
      pieces.push_back({range.version, kept});
    }
    pieces.push_back({{}, length - kept});
  }
  return pieces;
}

StickyRanges InOrder(const std::vector<Need>& needs) {
  Layout layout;
  for (const Need& need : needs) layout.Add(need.version, need.length);
  return std::move(layout).Take();
}

}  // namespace

std::uint64_t HashOfStickyKey(std::string_view key) { return XXH3_64bits(key.data(), key.size()); }

double PointOf(std::uint64_t hash) { return static_cast<double>(hash >> 11) * 0x1p-53; }

StickyRanges Reapportion(std::span<const StickyRange> old,
                         std::span<const VersionTraffic> weights) {
  std::vector<Need> needs = NeedsOf(weights);
  if (needs.empty()) return {};
  if (old.empty()) return InOrder(needs);
  const std::vector<Piece> pieces = KeepNeeded(old, needs);
  Layout layout;
  auto receiver = needs.begin();
  for (const Piece& piece : pieces) {
    if (!piece.version.empty()) {
      layout.Add(piece.version, piece.length);
      continue;
    }
    for (double left = piece.length; left >= kTiny;) {
      while (receiver != needs.end() && receiver->length < kTiny) ++receiver;
      if (receiver == needs.end()) break;  // only rounding is left
      const double given = std::min(left, receiver->length);
      layout.Add(receiver->version, given);
      receiver->length -= given;
      left -= given;
    }
  }
  StickyRanges ranges = std::move(layout).Take();
  return ranges.size() <= kMaxStickyRanges ? ranges : InOrder(NeedsOf(weights));
}

}  // namespace plinth
