#include "serving/release/release_steps.h"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace plinth {
namespace {

using Action = RolloutDecision::Action;
using State = Rollout::State;

// "step 2 of 4".
std::string StepText(const Rollout& rollout) {
  return fmt::format("step {} of {}", rollout.step + 1, rollout.plan.steps.size());
}

// The weights follow the rollout's state.
void SetRollout(TrafficPolicy& policy, Rollout rollout) {
  policy = ApplyChange(policy,
                       {.versions = WeightsOf(rollout), .sticky = {}, .labels = {}, .rollout = {}});
  policy.rollout = std::move(rollout);
}

}  // namespace

bool HasRunningRollout(const TrafficPolicy& policy) {
  return policy.rollout && policy.rollout->state == State::kRunning;
}

Result<ReleaseStep> ChangeRelease(const TrafficPolicy& policy, const ReleaseChange& change,
                                  std::span<const std::string> ready) {
  const bool running = HasRunningRollout(policy);
  if (change.rollout && running) {
    return Fail(Code::kFailedPrecondition,
                fmt::format("the rollout to version '{}' is running ({}); wait until it ends, or "
                            "take it back with DELETE /models/<model>/rollout",
                            policy.rollout->plan.to, StepText(*policy.rollout)));
  }
  ReleaseStep step{.policy = ApplyChange(policy, change), .events = {}};
  if (change.versions && running) {
    Rollout& rollout = *step.policy.rollout;
    rollout.state = State::kCancelled;
    rollout.reason = "the traffic of the versions was set while it ran";
    step.events.push_back({.kind = std::string(kRolloutCancelled),
                           .version = rollout.plan.to,
                           .message = StepText(rollout) + ": " + rollout.reason});
  }
  if (!change.rollout) return step;
  auto rollout = BeginRollout(*change.rollout, step.policy.versions, ready);
  if (!rollout) return Fail(std::move(rollout.error()));
  step.events.push_back(
      {.kind = std::string(kRolloutStarted),
       .version = rollout->plan.to,
       .message = fmt::format("shares {}, each for {:.4g} s", fmt::join(rollout->plan.steps, ", "),
                              rollout->plan.every_s)});
  SetRollout(step.policy, *std::move(rollout));
  return step;
}

ReleaseStep AdvanceRollout(const TrafficPolicy& policy, const RolloutDecision& decision,
                           const RolloutObservation& seen) {
  ReleaseStep step{.policy = policy, .events = {}};
  Rollout rollout = *policy.rollout;
  ReleaseEvent event{.kind = {}, .version = rollout.plan.to, .message = Summary(seen)};
  if (decision.action == Action::kRollBack) {
    event.kind = kRolledBack;
    event.message = StepText(rollout) + ": " + decision.reason + "; seen: " + event.message;
    rollout.state = State::kRolledBack;
    rollout.reason = decision.reason;
  } else if (decision.action == Action::kComplete) {
    event.kind = kRolloutCompleted;
    event.message = "seen: " + event.message;
    rollout.state = State::kCompleted;
  } else {
    ++rollout.step;
    event.kind = kRolloutStep;
    event.message = fmt::format("{}: share {:.4g}; seen before: {}", StepText(rollout),
                                rollout.plan.steps[rollout.step], event.message);
  }
  SetRollout(step.policy, std::move(rollout));
  step.events.push_back(std::move(event));
  return step;
}

}  // namespace plinth
