#include "traffic/traffic_router.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "traffic/sticky_map.h"

namespace plinth {
namespace {

const VersionTraffic* FindEntry(const TrafficPolicy& policy, const std::string& version) {
  const auto entry = std::ranges::find(policy.versions, version, &VersionTraffic::version);
  return entry == policy.versions.end() ? nullptr : &*entry;
}

// The one that serves without weights.
std::size_t NewestPrimary(const TrafficPolicy& policy, std::span<const std::string> ready) {
  for (std::size_t i = ready.size(); i-- > 0;) {
    const VersionTraffic* const entry = FindEntry(policy, ready[i]);
    if (entry == nullptr || entry->shadow == 0) return i;
  }
  return ready.size() - 1;
}

// Another point for the same key, independent of its first (the finaliser of SplitMix64).
double SecondPoint(std::uint64_t hash) {
  hash += 0x9e3779b97f4a7c15;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
  return PointOf(hash ^ (hash >> 31));
}

}  // namespace

std::vector<double> EffectiveShares(const TrafficPolicy& policy,
                                    std::span<const std::string> ready) {
  std::vector<double> shares(ready.size());
  for (std::size_t i = 0; i < ready.size(); ++i) {
    if (const VersionTraffic* const entry = FindEntry(policy, ready[i])) shares[i] = entry->traffic;
  }
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  if (sum > 0) {
    for (double& share : shares) share /= sum;
  } else {
    shares[NewestPrimary(policy, ready)] = 1;
  }
  return shares;
}

TrafficRouter::Split::Split(std::vector<Share> shares, const Split* previous)
    : shares_(std::move(shares)) {
  std::erase_if(shares_, [](const Share& share) { return !(share.share > 0); });
  if (shares_.size() < 2) return;
  const auto same = [](const Share& a, const Share& b) {
    return a.version == b.version && a.share == b.share;
  };
  if (previous != nullptr && std::ranges::equal(shares_, previous->shares_, same)) {
    sequence_ = previous->sequence_;
    return;
  }
  std::vector<double> weights;
  weights.reserve(shares_.size());
  for (const Share& share : shares_) weights.push_back(share.share);
  sequence_ = std::make_shared<SplitSequence>(weights);
}

std::size_t TrafficRouter::Split::Next() const {
  if (shares_.empty()) return kNone;
  return shares_[sequence_ == nullptr ? 0 : sequence_->Next()].at;
}

std::size_t TrafficRouter::Split::At(double point) const {
  for (const Share& share : shares_) {
    point -= share.share;
    if (point < 0) return share.at;
  }
  return shares_.back().at;
}

TrafficRouter::TrafficRouter(const TrafficPolicy& policy, std::span<const std::string> ready,
                             const TrafficRouter* previous)
    : sticky_(policy.sticky) {
  const std::vector<double> effective = EffectiveShares(policy, ready);
  std::vector<Share> primaries;
  std::vector<Share> shadows;
  double copied = 0;
  for (std::size_t i = 0; i < ready.size(); ++i) {
    primaries.push_back({ready[i], effective[i], i});
    const VersionTraffic* const entry = FindEntry(policy, ready[i]);
    if (entry == nullptr || entry->shadow == 0) continue;
    shadows.push_back({ready[i], entry->shadow, i});
    copied += entry->shadow;
  }
  if (!shadows.empty()) shadows.push_back({"", 1 - copied, kNone});
  primaries_ = Split(std::move(primaries), previous == nullptr ? nullptr : &previous->primaries_);
  shadows_ = Split(std::move(shadows), previous == nullptr ? nullptr : &previous->shadows_);

  for (const StickyRange& range : policy.ranges) {
    const auto at = std::ranges::find(ready, range.version);
    const bool there = at != ready.end();
    ranges_.push_back({range.end, there ? static_cast<std::size_t>(at - ready.begin()) : kNone});
  }
}

std::size_t TrafficRouter::Pick(std::optional<std::uint64_t> key) const {
  if (!key) return primaries_.Next();
  if (!ranges_.empty()) {
    const auto range = std::ranges::upper_bound(ranges_, PointOf(*key), {}, &Range::end);
    if (range != ranges_.end() && range->at != kNone) return range->at;
  }
  return primaries_.At(SecondPoint(*key));
}

std::optional<std::size_t> TrafficRouter::PickShadow(std::size_t primary) const {
  const std::size_t shadow = shadows_.Next();
  if (shadow == kNone || shadow == primary) return std::nullopt;
  return shadow;
}

}  // namespace plinth
