// The part of the lifecycle that has to do with the state: what is written down of a change, what
// is read at the start, and the events.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/name.h"
#include "model/release_config.h"
#include "serving/deploy_record.h"
#include "serving/lifecycle.h"

namespace plinth {

StateChange Lifecycle::ForDeployment(const ModelVersion& version, Cause cause) {
  const std::string& name = version.name();
  StateChange change;
  if (cause == Cause::kDeploy && version.spec().origin == Origin::kApi) {
    change.put.push_back({name, version.version(), EncodeDeployment(version.spec())});
  }
  if (cause == Cause::kDeploy || cause == Cause::kReload) {
    change.events.push_back({.model = name,
                             .version = version.version(),
                             .kind = cause == Cause::kReload ? "reloaded" : "deployed",
                             .message = version.spec().path});
  }
  return change;
}

// NOT_FOUND. What the folder takes away was never in the state, so that a state that cannot be
// written does not keep it.
Result<StateChange> Lifecycle::ForRemoval(const std::string& name, const std::string& version,
                                          std::optional<Origin> only) const {
  const auto model = parts_.registry.Describe(name);
  if (!model) return Fail(model.error());
  StateChange change;
  for (const VersionInfo& info : model->versions) {
    if (!version.empty() && info.version != version) continue;
    if (only != Origin::kFolder) change.removed.emplace_back(name, info.version);
    change.events.push_back({.model = name, .version = info.version, .kind = "removed"});
  }
  if (change.events.empty()) return Fail(NoSuchVersion(*model, version));
  const bool all = change.events.size() == model->versions.size();
  if (all && model->traffic != nullptr) change.forgotten.push_back(name);
  return change;
}

// Durably, when this returns. Events alone are not worth refusing what happens: they get lost.
Status Lifecycle::Write(const StateChange& change) {
  auto written = parts_.state.Commit(change);
  if (written || !change.only_events()) return written;
  LogWarning("an event was not kept: " + written.error().message);
  return {};
}

void Lifecycle::AddEvent(Event event) {
  control_.Post([this, event = std::move(event)]() mutable {
    StateChange change;
    change.events.push_back(std::move(event));
    [[maybe_unused]] const auto written = Write(change);
  });
}

void Lifecycle::Events(std::string name, std::size_t limit, std::int64_t before_id,
                       Done<std::vector<Event>> done) {
  control_.Post([this, name = std::move(name), limit, before_id, done = std::move(done)]() mutable {
    done(EventsNow(name, limit, before_id));
  });
}

Result<std::vector<Event>> Lifecycle::EventsNow(const std::string& name, std::size_t limit,
                                                std::int64_t before_id) {
  auto events = parts_.state.Events(name, limit, before_id);
  if (!events || !events->empty() || parts_.registry.Describe(name)) return events;
  if (const auto any = parts_.state.Events(name, 1); any && !any->empty()) return events;
  return Fail(Code::kNotFound, "there is no model '" + name + "', and nothing is known of one");
}

Result<std::vector<Lifecycle::Restored>> Lifecycle::Restore() {
  auto state = parts_.state.Load();
  if (!state) return Fail(std::move(state.error()));
  const auto unreadable = [&](const std::string& model, const std::string& why) {
    return Fail(Code::kFailedPrecondition, "the state file " + parts_.state.path() + ", model '" +
                                               model + "': " + why +
                                               "; move the file away, or start with --no-state");
  };
  for (const StoredModel& model : state->models) {
    auto policy = ParseRelease(model.release);
    if (!policy) return unreadable(model.model, policy.error().message);
    Publish(model.model, {.policy = *std::move(policy), .events = {}});
  }
  std::vector<Restored> restored;
  for (const StoredVersion& stored : state->versions) {
    if (!IsName(stored.model) || !IsName(stored.version))
      return unreadable(stored.model, "'" + stored.version + "' cannot be a version's name");
    auto spec = ParseDeployment(stored.spec);
    Restored version;
    if (spec) {
      version.spec = *std::move(spec);
    } else {
      version.problem = std::move(spec.error());
    }
    version.spec.name = stored.model;
    version.spec.version = stored.version;
    restored.push_back(std::move(version));
  }
  return restored;
}

}  // namespace plinth
