// A model's traffic policy made ready for requests, over the versions that are ready now.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "traffic/split_sequence.h"
#include "traffic/traffic_policy.h"

namespace plinth {

// What each of the ready versions gets of the requests that name none, in the order of `ready`,
// which is the natural one and not empty. What the policy gives to versions that are not ready goes
// to the others in proportion. If none of them is left, or the policy has no weights, all goes to
// the newest that is no shadow; if all are shadows, to the newest.
std::vector<double> EffectiveShares(const TrafficPolicy& policy,
                                    std::span<const std::string> ready);

// Immutable but for the sequences, which are shared by routers that follow each other while their
// shares stay the same: what happens to other versions or models does not begin them anew. All
// functions are thread-safe and take no lock.
class TrafficRouter {
 public:
  // `ready` as above. `previous` may be nullptr.
  TrafficRouter(const TrafficPolicy& policy, std::span<const std::string> ready,
                const TrafficRouter* previous);

  // What ties a request to a version, if anything does.
  const StickyKey& sticky() const { return sticky_; }

  // The version that answers the next request: an index into `ready`. `key` is the hash of its
  // sticky key, if it has one. A key whose version is not ready goes to one of the others, to the
  // same one each time.
  std::size_t Pick(std::optional<std::uint64_t> key) const;

  // The version that gets a copy of a request that `primary` answers, if any does. Every routed
  // request asks once.
  std::optional<std::size_t> PickShadow(std::size_t primary) const;

 private:
  struct Share {
    std::string version;  // empty: none
    double share;
    std::size_t at;  // in `ready`; kNone for none
  };
  struct Range {
    double end;
    std::size_t at;  // in `ready`, or kNone
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  class Split {
   public:
    Split() = default;
    Split(std::vector<Share> shares, const Split* previous);

    std::size_t Next() const;  // the `at` of a share, kNone without any
    std::size_t At(double point) const;

   private:
    std::vector<Share> shares_;                // all above 0
    std::shared_ptr<SplitSequence> sequence_;  // none for less than two shares
  };

  StickyKey sticky_;
  Split primaries_;
  Split shadows_;
  std::vector<Range> ranges_;  // of keys; ends rise to 1
};

}  // namespace plinth
