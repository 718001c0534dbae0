// Guarded rollouts: which weights each step has, and when to go on or back.
//
// All of it is pure. Who drives it keeps the Rollout with the model's traffic policy, gathers what
// is seen of the version, and does what DecideRollout() says.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "traffic/traffic_policy.h"

namespace plinth {

// A limit is judged once so many requests were answered, and at a step's end however few.
inline constexpr std::uint64_t kEnoughRequests = 10;
// Share of the other versions' requests that are copied to a version whose rollout has a limit on
// disagreement, unless it is a shadow already.
inline constexpr double kMirroredShare = 0.1;

// A rollout of `plan` from the versions that answer now by `weights` or, if those are empty, from
// the newest of `ready`, the versions that are (in natural order). FAILED_PRECONDITION if `plan.to`
// is not ready, or if there is no other version to take over from.
Result<Rollout> BeginRollout(RolloutPlan plan, const std::vector<VersionTraffic>& weights,
                             std::span<const std::string> ready);

// The weights that belong to the state of `rollout`: of the step while it runs and when it is
// completed, else those from before it. The versions beside `to` share the rest as they did before.
std::vector<VersionTraffic> WeightsOf(const Rollout& rollout);

// What was seen of `plan.to` since the step began.
struct RolloutObservation {
  enum class Target { kReady, kNotYet, kFailed, kRemoved };

  Target target = Target::kReady;
  std::string failure{};                        // of kFailed
  std::uint64_t requests = 0;                   // answered ones, but those whose client went away
  std::uint64_t errors = 0;                     // failed ones of these
  std::optional<double> p99_ms = std::nullopt;  // of their durations
  std::uint64_t in_flight = 0;                  // requests that are not answered yet
  std::uint64_t copies = 0;                     // answered ones of requests to other versions,
  std::uint64_t disagreed = 0;                  // those of them that failed or had another outcome,
  std::uint64_t copies_in_flight = 0;
};

struct RolloutDecision {
  enum class Action { kWait, kStep, kComplete, kRollBack };

  Action action = Action::kWait;
  std::string reason;  // of a kRollBack
};

// `elapsed` is how long `plan.to` has been ready in the step `step`. Pure.
RolloutDecision DecideRollout(const RolloutPlan& plan, std::size_t step,
                              std::chrono::nanoseconds elapsed, const RolloutObservation& seen);

// "120 requests, 3 errors, p99 12.5 ms, 1 of 10 copies disagreed".
std::string Summary(const RolloutObservation& seen);

}  // namespace plinth
