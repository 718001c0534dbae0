#include "serving/rollouts.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/utc_time.h"

namespace plinth {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using Seconds = std::chrono::duration<double>;
using Target = RolloutObservation::Target;

// How often a rollout is looked at: ten times a step, but within these.
constexpr milliseconds kLeastWait{5};
constexpr milliseconds kMostWait{100};
// How long a decision may take to become a policy before it is taken again.
constexpr milliseconds kRetryWait{1'000};

// A version that was there before the process was started may be loaded later than the rollout goes
// on; after so long it will not come any more.
constexpr std::int64_t kMissingMs = 60'000;

constexpr double kMsPerSecond = 1e3;

Clock::duration WaitOf(const RolloutPlan& plan) {
  return std::clamp<Clock::duration>(duration_cast<Clock::duration>(Seconds(plan.every_s / 10)),
                                     kLeastWait, kMostWait);
}

// A version that was removed and deployed again counts from nothing.
std::uint64_t Since(std::uint64_t now, std::uint64_t before) {
  return now >= before ? now - before : now;
}

}  // namespace

Rollouts::Counts Rollouts::CountsOf(const std::string& model, const std::string& version) const {
  return {.requests = parts_.metrics.CountsOf(model, version),
          .copies = parts_.shadows.Figures(model, version).value_or(ShadowFigures())};
}

void Rollouts::Follow(const std::string& model, const TrafficPolicy& policy) {
  if (!policy.rollout) return Forget(model);
  const Rollout& rollout = *policy.rollout;
  const std::lock_guard lock(mutex_);
  const auto [at, is_new] = followed_.try_emplace(model);
  Followed& followed = at->second;
  const auto part = std::ranges::find(policy.versions, rollout.plan.to, &VersionTraffic::version);
  followed.share = part == policy.versions.end() ? 0 : part->traffic;
  if (!is_new && followed.rollout == rollout) return;
  const std::int64_t now_ms = NowMs();
  const bool goes_on = !is_new && followed.rollout.state == Rollout::State::kRunning &&
                       followed.rollout.plan == rollout.plan;
  if (!goes_on) followed.begun_ms = now_ms;
  followed.rollout = rollout;
  followed.number = ++numbers_;
  followed.since_ms = now_ms;
  if (rollout.state != Rollout::State::kRunning) return;
  followed.since = Clock::now();
  followed.before = CountsOf(model, rollout.plan.to);
  followed.found = followed.found && goes_on;
  followed.removed = followed.removed && goes_on;
  followed.seen = {};
  TickLater(model, followed.number, WaitOf(rollout.plan));
}

void Rollouts::NoteRemoved(const std::string& model, const std::string& version) {
  const std::lock_guard lock(mutex_);
  const auto found = followed_.find(model);
  if (found == followed_.end() || found->second.rollout.plan.to != version) return;
  found->second.removed = true;
}

void Rollouts::Forget(const std::string& model) {
  const std::lock_guard lock(mutex_);
  followed_.erase(model);
}

std::optional<RolloutView> Rollouts::View(const std::string& model) const {
  const std::lock_guard lock(mutex_);
  const auto found = followed_.find(model);
  if (found == followed_.end()) return std::nullopt;
  const Followed& followed = found->second;
  RolloutView view{.rollout = followed.rollout,
                   .share = followed.share,
                   .since_ms = followed.since_ms,
                   .next_in_s = std::nullopt,
                   .seen = followed.seen};
  if (followed.rollout.state == Rollout::State::kRunning) {
    const Seconds elapsed = Clock::now() - followed.since;
    view.next_in_s = std::max(0.0, followed.rollout.plan.every_s - elapsed.count());
  }
  return view;
}

void Rollouts::TickLater(const std::string& model, std::uint64_t number, Clock::duration wait) {
  parts_.alarm.At(Clock::now() + wait, [this, model, number] { Tick(model, number); });
}

void Rollouts::Tick(const std::string& model, std::uint64_t number) {
  RolloutDecision decision;
  Rollout rollout;
  RolloutObservation seen;
  {
    const std::lock_guard lock(mutex_);
    const auto found = followed_.find(model);
    if (found == followed_.end() || found->second.number != number) return;
    Followed& followed = found->second;
    followed.seen = Observe(model, followed);
    rollout = followed.rollout;
    seen = followed.seen;
    decision = DecideRollout(rollout.plan, rollout.step, Clock::now() - followed.since, seen);
  }
  const bool waits = decision.action == RolloutDecision::Action::kWait;
  if (!waits) act_(model, rollout, std::move(decision), seen);
  TickLater(model, number, waits ? WaitOf(rollout.plan) : kRetryWait);
}

RolloutObservation::Target Rollouts::TargetOf(const std::string& model, Followed& followed,
                                              std::string& failure) const {
  const auto version = parts_.registry.Find(model, followed.rollout.plan.to);
  if (version == nullptr) {
    const bool may_come = !followed.found && NowMs() - followed.begun_ms < kMissingMs;
    return may_come && !followed.removed ? Target::kNotYet : Target::kRemoved;
  }
  if (followed.removed) return Target::kRemoved;
  followed.found = true;
  const VersionInfo info = version->Info();
  if (info.state == VersionState::kFailed) {
    failure = info.error;
    return Target::kFailed;
  }
  if (info.failed_reload && info.failed_reload->time_ms >= followed.begun_ms) {
    failure = info.failed_reload->message;
    return Target::kFailed;
  }
  const bool loads = info.state == VersionState::kLoading || info.state == VersionState::kWarming;
  return loads ? Target::kNotYet : Target::kReady;
}

RolloutObservation Rollouts::Observe(const std::string& model, Followed& followed) const {
  const std::string& to = followed.rollout.plan.to;
  RolloutObservation seen;
  seen.target = TargetOf(model, followed, seen.failure);
  if (seen.target == Target::kRemoved) return seen;
  const Counts now = CountsOf(model, to);
  if (seen.target == Target::kNotYet) {
    followed.since = Clock::now();
    followed.before = now;
  }
  if (now.requests.requests < followed.before.requests.requests) followed.before.requests = {};
  if (now.copies.requests < followed.before.copies.requests) followed.before.copies = {};
  const RequestCounts& before = followed.before.requests;
  const std::uint64_t cancelled = Since(now.requests.cancelled, before.cancelled);
  seen.requests = Since(now.requests.requests, before.requests) - cancelled;
  seen.errors = Since(now.requests.errors, before.errors) - cancelled;
  seen.in_flight = now.requests.in_flight();
  const auto p99 = telemetry::Quantile(telemetry::FineLatencyBuckets(),
                                       now.requests.durations.Since(before.durations), 0.99);
  if (p99) seen.p99_ms = *p99 * kMsPerSecond;
  seen.copies = now.copies.requests - followed.before.copies.requests;
  seen.disagreed = now.copies.disagreed - followed.before.copies.disagreed;
  seen.copies_in_flight = now.copies.in_flight;
  return seen;
}

}  // namespace plinth
