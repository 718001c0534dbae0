// Everything that changes what is deployed: deploy, replace, reload, remove, traffic, restore.
//
// Loads run side by side, off the calling threads. What comes of them is committed one change at a
// time: written to the state, durably, and only then published. So the state, the registry and the
// answers that callers get agree on one order of all changes, and a change that cannot be written
// is not made.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "model/backend.h"
#include "model/model_version.h"
#include "model/registry.h"
#include "repository/fingerprint.h"
#include "repository/model_roots.h"
#include "serving/deployment.h"
#include "serving/memory_budget.h"
#include "serving/release/release_steps.h"
#include "serving/release/rollout.h"
#include "serving/worker_pool.h"
#include "store/state_store.h"
#include "traffic/traffic_policy.h"

namespace plinth {

class CallableModels;

// Who serves the requests of versions: told at the turns of their lives.
class VersionHost {
 public:
  virtual ~VersionHost() = default;
  // It is loaded and will be published if this succeeds, in the place of `old` unless that is
  // nullptr.
  virtual Status Equip(ModelVersion& version, ModelVersion* old) = 0;
  // Nothing leads to it any more: no new requests, and it unloads when those in flight are done.
  virtual void Retire(ModelVersion& version) = 0;
  // It was removed, and nothing of that name takes its place.
  virtual void Forget(const std::string& model, const std::string& version) = 0;
  // The model's requests are shared by this policy from now on. Calls come one at a time.
  virtual void Follow(const std::string& model, const TrafficPolicy& policy) = 0;
  // Frees what was loaded, where it may take long.
  virtual void Dispose(std::unique_ptr<LoadedModel> model) = 0;
  // Waits until all that was given to Dispose() is freed.
  virtual void AwaitDisposal() = 0;
};

class Lifecycle {
 public:
  struct Parts {  // all outlive the lifecycle
    Registry& registry;
    const ModelRoots& roots;
    BackendSet& backends;
    VersionHost& host;
    StateStore& state;
    CallableModels& models;         // what a model may ask while it is warmed up
    std::size_t memory_budget = 0;  // bytes of the process; 0: no bound
  };
  template <typename T>
  using Done = std::move_only_function<void(Result<T>)>;  // called once, from any thread

  explicit Lifecycle(Parts parts);
  // Waits for what is running.
  ~Lifecycle();

  // Loads a version and publishes it. ALREADY_EXISTS, INVALID_ARGUMENT, PERMISSION_DENIED (outside
  // the roots), NOT_FOUND (path), INVALID_MODEL, FAILED_PRECONDITION (removed meanwhile).
  void Deploy(DeploySpec spec, Done<VersionInfo> done);

  // Why a version is loaded: what is written down of it.
  enum class Cause { kStart, kDeploy, kReload, kWake };

  // The same for what is to be shown from now on, whatever comes of it: its name is taken at once,
  // and it is listed as failed even if it cannot be planned, or if `problem` says why it must fail.
  // A lazy one is not loaded.
  void DeployListed(DeploySpec spec, std::optional<Error> problem, Cause cause,
                    Done<VersionInfo> done);

  // Loads the resting versions that a request to `version` may go to, an empty one for a request
  // that names none; `done` is called once they answer. RESOURCE_EXHAUSTED: too many wait already.
  // UNAVAILABLE: one cannot be loaded. OUT_OF_MEMORY: the memory budget has no room.
  void Wake(const std::string& name, const std::string& version, Done<void> done);

  // The same on the calling thread, which takes as long as it takes.
  Status WakeNow(const std::string& name, const std::string& version);

  // Loads a version that is not listed, for the caller alone, who has to retire it; as of Deploy().
  // On the calling thread, likewise.
  // What it looks up is added to `members`, whatever comes of it.
  Result<std::shared_ptr<ModelVersion>> LoadOwn(DeploySpec spec, Members& members);

  // What was deployed, and why it cannot be deployed again where that is known already.
  struct Restored {
    DeploySpec spec;
    std::optional<Error> problem;
  };
  // What the state holds: gives models their traffic policies, and returns what was deployed, for
  // DeployListed(). FAILED_PRECONDITION: the state cannot be read.
  Result<std::vector<Restored>> Restore();

  // Loads the version, or with an empty `version` all of the model, anew from the files as they are
  // now, and puts it in its own place. Those that fail stay as they are. NOT_FOUND, or the first
  // failure; `done` gets those that were replaced.
  void Reload(std::string name, std::string version, Done<std::vector<VersionInfo>> done);

  // Reloads each version of the API's whose files have changed since they were loaded, as Reload()
  // does; what comes of it is in the log and the events.
  void ReloadChanged();

  // Takes a version, or with an empty `version` the whole model, out of service. NOT_FOUND.
  // FAILED_PRECONDITION if `only` is given and another has asked for that version.
  void Remove(std::string name, std::string version, std::optional<Origin> only, Done<void> done);

  // Changes how a model's requests are shared; `done` gets all of the policy. NOT_FOUND;
  // INVALID_ARGUMENT for versions that are not deployed; FAILED_PRECONDITION for a rollout that
  // cannot begin now.
  void SetTraffic(std::string name, ReleaseChange change, Done<TrafficPolicy> done);

  // Goes on, or back, with the model's rollout as it was decided, if that is still this one.
  void Advance(std::string name, Rollout rollout, RolloutDecision decision,
               RolloutObservation seen);

  // Takes back the model's rollout, of which `seen` was seen. NOT_FOUND; FAILED_PRECONDITION: none
  // runs.
  void TakeBack(std::string name, RolloutObservation seen, Done<TrafficPolicy> done);

  // What happened to a model, the newest first, also after it was removed: at most `limit`, and
  // only what is older than the event `before_id` unless that is 0. NOT_FOUND: nothing ever
  // happened.
  void Events(std::string name, std::size_t limit, std::int64_t before_id,
              Done<std::vector<Event>> done);

  // Writes down something that is no change of what is deployed.
  void AddEvent(Event event);

  // No deployments from here on: UNAVAILABLE.
  void Stop();

 private:
  using VersionPtr = std::shared_ptr<ModelVersion>;

  struct LoadedFiles {
    std::string path;
    Fingerprint fingerprint;
  };

  // A load of DeployListed(). `done` may be empty.
  struct Waiting {
    VersionPtr version;
    Cause cause;
    Done<VersionInfo> done;
    VersionPtr replaces{};  // what serves meanwhile
    Error error{};          // why it waits
  };

  VersionPtr Make(DeploySpec spec);
  // These take as long as they take: they run on loader threads.
  Result<VersionInfo> DeployNow(DeploySpec spec, Cause cause);
  Result<VersionInfo> ReloadNow(const ModelVersion& old);
  Result<std::vector<VersionInfo>> ReloadModelNow(const std::string& name,
                                                  const std::string& version);
  Result<VersionInfo> LoadReserved(const VersionPtr& version, Result<DeployPlan> plan, Cause cause);
  Result<VersionInfo> LoadAndCommit(const VersionPtr& version, DeployPlan& plan, Cause cause);
  Result<VersionInfo> Commit(const VersionPtr& version, Cause cause);
  Status LoadMeasured(ModelVersion& version, const DeployPlan& plan);
  void ReloadChangedNow();
  void LoadListed(Waiting load, std::optional<Error> problem, std::uint64_t published_before);
  // Around every load of a listed version: what EndListed() is to get, and whether what it lacks
  // may come.
  std::uint64_t BeginListed();
  void EndListed(Waiting load, const Result<VersionInfo>& result, bool may_come,
                 std::uint64_t published_before);
  void NoteFailed(const ModelVersion& version, const Error& error);
  // A version of that model may be asked from now on: who waits for it is tried again.
  void NotePublished(const std::string& model);
  void TryAgain(Waiting load);
  void LetRest(const VersionPtr& version);
  void TakeOverRelease(ModelVersion& resting, Cause cause);
  static StateChange ForDeployment(const ModelVersion& version, Cause cause);
  Result<StateChange> ForRemoval(const std::string& name, const std::string& version,
                                 std::optional<Origin> only) const;
  Status Write(const StateChange& change);
  // On the control thread.
  Status RemoveNow(const std::string& name, const std::string& version, std::optional<Origin> only);
  Result<TrafficPolicy> SetTrafficNow(const std::string& name, const ReleaseChange& change);
  Result<TrafficPolicy> TakeBackNow(const std::string& name, const RolloutObservation& seen);
  Result<std::vector<Event>> EventsNow(const std::string& name, std::size_t limit,
                                       std::int64_t before_id);
  // These require commit_mutex_.
  std::vector<std::string> ReadyVersions(const std::string& name) const;
  Result<std::optional<ReleaseStep>> ReleaseAskedFor(ModelVersion& version, Cause cause) const;
  static void AddTo(StateChange& change, const std::string& name, const ReleaseStep& step);
  Result<TrafficPolicy> CommitRelease(const std::string& name, ReleaseStep step);
  void Publish(const std::string& name, const ReleaseStep& step);

  const Parts parts_;
  std::atomic<bool> stopping_{false};
  std::mutex commit_mutex_;  // held from a change's writing to its publication
  MemoryBudget budget_;
  std::mutex files_mutex_;  // guards loaded_files_
  // What versions were loaded from, by name and version.
  std::map<std::pair<std::string, std::string>, LoadedFiles> loaded_files_;
  std::mutex wake_mutex_;  // guards waking_
  std::map<std::pair<std::string, std::string>, std::vector<Done<void>>> waking_;
  std::mutex waiting_mutex_;  // guards what follows
  std::vector<Waiting> waiting_;
  std::size_t listed_loads_ = 0;  // that have not ended
  std::uint64_t published_ = 0;   // versions
  // By model, when it was published last; kept only while listed versions load.
  std::map<std::string, std::uint64_t> published_at_;
  WorkerPool control_;  // changes that load nothing, in the order in which they came
  WorkerPool loaders_;
};

}  // namespace plinth
