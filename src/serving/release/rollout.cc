#include "serving/release/rollout.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/natural_order.h"

namespace plinth {
namespace {

using Action = RolloutDecision::Action;
using Target = RolloutObservation::Target;

double Share(std::uint64_t part, std::uint64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

double TrafficBeside(const std::vector<VersionTraffic>& weights, std::string_view version) {
  double sum = 0;
  for (const VersionTraffic& part : weights) {
    if (part.version != version) sum += part.traffic;
  }
  return sum;
}

// How long a step lasts at least.
std::chrono::duration<double> Length(const RolloutPlan& plan) {
  return std::chrono::duration<double>(plan.every_s);
}

// The limit that is broken, with the figures; empty if none is.
std::string Breach(const RolloutLimits& limits, const RolloutObservation& seen, bool step_ends) {
  const auto enough = [&](std::uint64_t count) {
    return count >= kEnoughRequests || (step_ends && count > 0);
  };
  if (limits.error_rate && enough(seen.requests)) {
    const double rate = Share(seen.errors, seen.requests);
    if (rate > *limits.error_rate) {
      return fmt::format("error_rate is {:.4g} ({} of {} requests), more than {:.4g}", rate,
                         seen.errors, seen.requests, *limits.error_rate);
    }
  }
  if (limits.p99_ms && seen.p99_ms && enough(seen.requests) && *seen.p99_ms > *limits.p99_ms) {
    return fmt::format("p99_ms is {:.4g} (of {} requests), more than {:.4g}", *seen.p99_ms,
                       seen.requests, *limits.p99_ms);
  }
  if (limits.disagreement && enough(seen.copies)) {
    const double share = Share(seen.disagreed, seen.copies);
    if (share > *limits.disagreement) {
      return fmt::format("disagreement is {:.4g} ({} of {} copies), more than {:.4g}", share,
                         seen.disagreed, seen.copies, *limits.disagreement);
    }
  }
  return {};
}

}  // namespace

Result<Rollout> BeginRollout(RolloutPlan plan, const std::vector<VersionTraffic>& weights,
                             std::span<const std::string> ready) {
  if (std::ranges::find(ready, plan.to) == ready.end()) {
    return Fail(Code::kFailedPrecondition,
                "rollout to version '" + plan.to +
                    "': it is not ready; deploy it, or wait until it is, and try again");
  }
  Rollout rollout{.plan = std::move(plan), .before = weights, .reason = {}};
  if (weights.empty() || TrafficBeside(weights, {}) == 0) {
    const auto newest = std::ranges::find_if(
        ready.rbegin(), ready.rend(), [&](const std::string& v) { return v != rollout.plan.to; });
    if (newest != ready.rend()) {
      auto at = std::ranges::find(rollout.before, *newest, &VersionTraffic::version);
      if (at == rollout.before.end()) at = rollout.before.insert(at, {.version = *newest});
      at->traffic = 1;
      at->shadow = 0;
    }
  }
  if (TrafficBeside(rollout.before, rollout.plan.to) <= 0) {
    return Fail(Code::kFailedPrecondition, "rollout to version '" + rollout.plan.to +
                                               "': no other version has traffic that it could "
                                               "take over");
  }
  if (std::ranges::find(rollout.before, rollout.plan.to, &VersionTraffic::version) ==
      rollout.before.end()) {
    rollout.before.push_back({.version = rollout.plan.to});
  }
  std::ranges::sort(rollout.before, NaturalLess, &VersionTraffic::version);
  return rollout;
}

std::vector<VersionTraffic> WeightsOf(const Rollout& rollout) {
  if (rollout.state == Rollout::State::kRolledBack) return rollout.before;
  const RolloutPlan& plan = rollout.plan;
  const double share = plan.steps[rollout.step];
  const double rest = TrafficBeside(rollout.before, plan.to);
  const bool mirrors = rollout.state == Rollout::State::kRunning && plan.abort_if.disagreement;
  std::vector<VersionTraffic> weights = rollout.before;
  for (VersionTraffic& part : weights) {
    if (part.version != plan.to) {
      part.traffic = std::min(part.traffic * ((1 - share) / rest), 1.0);
      continue;
    }
    part.traffic = share;
    if (part.shadow == 0) part.shadow = kMirroredShare;
    if (!mirrors) part.shadow = 0;
  }
  return weights;
}

RolloutDecision DecideRollout(const RolloutPlan& plan, std::size_t step,
                              std::chrono::nanoseconds elapsed, const RolloutObservation& seen) {
  switch (seen.target) {
    case Target::kRemoved:
      return {Action::kRollBack, "version '" + plan.to + "' was removed"};
    case Target::kFailed:
      return {Action::kRollBack, "version '" + plan.to + "' failed to load: " + seen.failure};
    case Target::kNotYet:
      return {};
    case Target::kReady:
      break;
  }
  const bool step_ends = elapsed >= Length(plan);
  if (auto breach = Breach(plan.abort_if, seen, step_ends); !breach.empty()) {
    return {Action::kRollBack, std::move(breach)};
  }
  if (!step_ends) return {};
  // A version that hangs has no answers to be judged by: they are waited for, until they time out
  // if need be.
  const bool answers_missing = seen.requests < kEnoughRequests && seen.in_flight > 0;
  const bool copies_missing =
      plan.abort_if.disagreement && seen.copies < kEnoughRequests && seen.copies_in_flight > 0;
  if (answers_missing || copies_missing) return {};
  return {step + 1 < plan.steps.size() ? Action::kStep : Action::kComplete, {}};
}

std::string Summary(const RolloutObservation& seen) {
  std::string text = fmt::format("{} requests, {} errors", seen.requests, seen.errors);
  if (seen.p99_ms) text += fmt::format(", p99 {:.4g} ms", *seen.p99_ms);
  if (seen.copies > 0) {
    text += fmt::format(", {} of {} copies disagreed", seen.disagreed, seen.copies);
  }
  return text;
}

}  // namespace plinth
