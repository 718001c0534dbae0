// The part of the lifecycle that changes how models' requests are shared.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/log.h"
#include "base/natural_order.h"
#include "model/release_config.h"
#include "serving/lifecycle.h"

namespace plinth {
namespace {

// Whether all versions that `change` names are there.
Status CheckVersions(const ModelInfo& model, const ReleaseChange& change) {
  const auto check = [&](const std::string& version) -> Status {
    if (std::ranges::find(model.versions, version, &VersionInfo::version) != model.versions.end())
      return {};
    return Fail(Code::kInvalidArgument, NoSuchVersion(model, version).message);
  };
  if (change.versions) {
    for (const VersionTraffic& share : *change.versions) {
      if (auto known = check(share.version); !known) return known;
    }
  }
  if (change.labels) {
    for (const auto& [label, version] : *change.labels) {
      if (auto known = check(version); !known)
        return Fail(known.error().Annotate("label '" + label + "'"));
    }
  }
  return {};
}

}  // namespace

// Those that answer requests, if need be after they were loaded again.
std::vector<std::string> Lifecycle::ReadyVersions(const std::string& name) const {
  std::vector<std::string> ready;
  const auto model = parts_.registry.Describe(name);
  if (!model) return ready;
  for (const VersionInfo& info : model->versions) {
    if (info.state == VersionState::kReady || info.state == VersionState::kUnloaded)
      ready.push_back(info.version);
  }
  return ready;
}

// What the configuration of a version, which is about to be published, asks for.
Result<std::optional<ReleaseStep>> Lifecycle::ReleaseAskedFor(ModelVersion& version,
                                                              Cause cause) const {
  const auto shared = parts_.registry.Traffic(version.name());
  const TrafficPolicy old = shared ? *shared : TrafficPolicy();
  ReleaseChange change = version.spec().config.release;
  // At a start the state knows better, if it knows of the model; and nothing new is tried.
  const bool asks = cause == Cause::kDeploy || (cause == Cause::kStart && shared == nullptr);
  if (!asks) return std::nullopt;
  const bool runs = HasRunningRollout(old);
  // The same deployment again, because its files have changed, is no second rollout.
  if (cause == Cause::kStart || (runs && old.rollout->plan == change.rollout)) {
    change.rollout.reset();
  }
  if (change.empty()) return std::nullopt;
  if (const auto model = parts_.registry.Describe(version.name());
      model && cause == Cause::kDeploy) {
    // They may come later.
    if (auto known = CheckVersions(*model, change); !known) version.Warn(known.error().message);
  }
  std::vector<std::string> ready = ReadyVersions(version.name());
  if (std::ranges::find(ready, version.version()) == ready.end()) {
    ready.insert(std::ranges::upper_bound(ready, version.version(), NaturalLess),
                 version.version());
  }
  auto step = ChangeRelease(old, change, ready);
  const bool alone = !step && change.rollout && !runs &&
                     std::ranges::find(ready, change.rollout->to) != ready.end();
  if (!alone) return step;
  // The first version, say, of a deployment that is always written in the same way.
  version.Warn(step.error().message + "; it was deployed without the rollout");
  change.rollout.reset();
  if (change.empty()) return std::nullopt;
  return ChangeRelease(old, change, ready);
}

// What the configuration of a version that begins with rest asks for: its model's requests must be
// shared before the first of them has it loaded.
void Lifecycle::TakeOverRelease(ModelVersion& resting, Cause cause) {
  const std::lock_guard lock(commit_mutex_);
  auto step = ReleaseAskedFor(resting, cause);
  if (step && !*step) return;
  auto done =
      step ? CommitRelease(resting.name(), **std::move(step)) : Fail(std::move(step.error()));
  if (!done) resting.Warn("its traffic was not set: " + done.error().message);
}

void Lifecycle::AddTo(StateChange& change, const std::string& name, const ReleaseStep& step) {
  change.release.push_back({name, EncodeRelease(step.policy)});
  for (const ReleaseEvent& event : step.events) {
    change.events.push_back(
        {.model = name, .version = event.version, .kind = event.kind, .message = event.message});
  }
}

void Lifecycle::Publish(const std::string& name, const ReleaseStep& step) {
  for (const ReleaseEvent& event : step.events) {
    LogInfo(fmt::format("model '{}'{}{}: {}, {}", name, event.version.empty() ? "" : " ",
                        event.version, event.kind, event.message));
  }
  const auto policy = std::make_shared<const TrafficPolicy>(step.policy);
  parts_.registry.SetTraffic(name, policy);
  parts_.host.Follow(name, *policy);
}

Result<TrafficPolicy> Lifecycle::CommitRelease(const std::string& name, ReleaseStep step) {
  StateChange change;
  AddTo(change, name, step);
  if (auto written = parts_.state.Commit(change); !written) {
    const bool goes_back = std::ranges::any_of(
        step.events, [](const ReleaseEvent& event) { return event.kind == kRolledBack; });
    if (!goes_back) return Fail(std::move(written.error()));
    // To go back must not fail. After a restart the rollout goes on, and will be judged again.
    LogError(fmt::format("model '{}': the rollout is taken back, but not in the state: {}", name,
                         written.error().message));
  }
  Publish(name, step);
  NotePublished(name);  // a label may be what another waits for
  return std::move(step.policy);
}

// ---- By users

void Lifecycle::SetTraffic(std::string name, ReleaseChange change, Done<TrafficPolicy> done) {
  control_.Post([this, name = std::move(name), change = std::move(change),
                 done = std::move(done)]() mutable { done(SetTrafficNow(name, change)); });
}

Result<TrafficPolicy> Lifecycle::SetTrafficNow(const std::string& name,
                                               const ReleaseChange& change) {
  const std::lock_guard lock(commit_mutex_);
  const auto model = parts_.registry.Describe(name);
  if (!model) return Fail(model.error());
  if (auto known = CheckVersions(*model, change); !known) return Fail(std::move(known.error()));
  auto step = ChangeRelease(model->traffic ? *model->traffic : TrafficPolicy(), change,
                            ReadyVersions(name));
  if (!step) return Fail(std::move(step.error()));
  if (change.versions || change.sticky || change.labels) {
    step->events.insert(step->events.begin(),
                        {.kind = "traffic", .version = {}, .message = Summary(step->policy)});
  }
  return CommitRelease(name, *std::move(step));
}

void Lifecycle::TakeBack(std::string name, RolloutObservation seen, Done<TrafficPolicy> done) {
  control_.Post([this, name = std::move(name), seen = std::move(seen),
                 done = std::move(done)]() mutable { done(TakeBackNow(name, seen)); });
}

Result<TrafficPolicy> Lifecycle::TakeBackNow(const std::string& name,
                                             const RolloutObservation& seen) {
  const std::lock_guard lock(commit_mutex_);
  const auto model = parts_.registry.Describe(name);
  if (!model) return Fail(model.error());
  if (model->traffic == nullptr || !HasRunningRollout(*model->traffic)) {
    return Fail(Code::kFailedPrecondition, "no rollout of model '" + name + "' is running");
  }
  return CommitRelease(
      name,
      AdvanceRollout(*model->traffic,
                     {.action = RolloutDecision::Action::kRollBack, .reason = "by request"}, seen));
}

// ---- By themselves

void Lifecycle::Advance(std::string name, Rollout rollout, RolloutDecision decision,
                        RolloutObservation seen) {
  control_.Post([this, name = std::move(name), rollout = std::move(rollout),
                 decision = std::move(decision), seen = std::move(seen)] {
    const std::lock_guard lock(commit_mutex_);
    const auto policy = parts_.registry.Traffic(name);
    if (policy == nullptr || policy->rollout != rollout) return;
    const auto advanced = CommitRelease(name, AdvanceRollout(*policy, decision, seen));
    if (advanced) return;
    LogWarning(fmt::format("the rollout of model '{}' does not go on: {}", name,
                           advanced.error().message));
  });
}

}  // namespace plinth
