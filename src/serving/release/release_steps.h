// What becomes of a model's traffic policy: by a user's change, and by its rollout. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "serving/release/rollout.h"
#include "traffic/traffic_policy.h"

namespace plinth {

// Kinds of events.
inline constexpr std::string_view kRolloutStarted = "rollout_started";
inline constexpr std::string_view kRolloutStep = "rollout_step";
inline constexpr std::string_view kRolloutCompleted = "rollout_completed";
inline constexpr std::string_view kRolledBack = "rolled_back";
inline constexpr std::string_view kRolloutCancelled = "rollout_cancelled";

// Something to be written down with a change.
struct ReleaseEvent {
  std::string kind;
  std::string version;
  std::string message;
};

struct ReleaseStep {
  TrafficPolicy policy;
  std::vector<ReleaseEvent> events;
};

bool HasRunningRollout(const TrafficPolicy& policy);

// The policy after what a user asked for. New weights cancel a rollout that runs. `ready` are the
// versions that are, in natural order. FAILED_PRECONDITION for a rollout while another one runs, or
// one that cannot begin (BeginRollout()).
Result<ReleaseStep> ChangeRelease(const TrafficPolicy& policy, const ReleaseChange& change,
                                  std::span<const std::string> ready);

// The policy after the decision, which is not kWait. Requires a rollout that runs.
ReleaseStep AdvanceRollout(const TrafficPolicy& policy, const RolloutDecision& decision,
                           const RolloutObservation& seen);

}  // namespace plinth
