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
#include "repository/model_roots.h"
#include "serving/deployment.h"
#include "serving/worker_pool.h"

namespace plinth {

// Who serves the requests of versions: told at the turns of their lives.
class VersionHost {
 public:
  virtual ~VersionHost() = default;
  // It is loaded and will be published if this returns without an exception.
  virtual void Equip(ModelVersion& version) = 0;
  // Nothing leads to it any more: no new requests, and it unloads when those in flight are done.
  virtual void Retire(ModelVersion& version) = 0;
  // It was removed, and nothing of that name takes its place.
  virtual void Forget(const std::string& model, const std::string& version) = 0;
  // Frees what was loaded, where it may take long.
  virtual void Dispose(std::unique_ptr<LoadedModel> model) = 0;
};

class Lifecycle {
 public:
  struct Parts {  // all outlive the lifecycle
    Registry& registry;
    const ModelRoots& roots;
    BackendSet& backends;
    VersionHost& host;
  };
  template <typename T>
  using Done = std::move_only_function<void(Result<T>)>;  // called once, from any thread

  explicit Lifecycle(Parts parts);
  // Waits for what is running.
  ~Lifecycle();

  // Loads a version and publishes it. ALREADY_EXISTS, INVALID_ARGUMENT, PERMISSION_DENIED (outside
  // the roots), NOT_FOUND (path), INVALID_MODEL, FAILED_PRECONDITION (removed meanwhile).
  void Deploy(DeploySpec spec, Done<VersionInfo> done);

  // The same for what is to be shown from now on, whatever comes of it: its name is taken at once,
  // and it is listed as failed even if it cannot be planned, or if `problem` says why it must fail.
  void DeployListed(DeploySpec spec, std::optional<Error> problem, Done<VersionInfo> done);

  // Loads the version, or with an empty `version` all of the model, anew from the files as they are
  // now, and puts it in its own place. Those that fail stay as they are. NOT_FOUND, or the first
  // failure; `done` gets those that were replaced.
  void Reload(std::string name, std::string version, Done<std::vector<VersionInfo>> done);

  // Takes a version, or with an empty `version` the whole model, out of service. NOT_FOUND.
  // FAILED_PRECONDITION if `only` is given and another has asked for that version.
  void Remove(std::string name, std::string version, std::optional<Origin> only, Done<void> done);

  // No deployments from here on: UNAVAILABLE.
  void Stop();

 private:
  using VersionPtr = std::shared_ptr<ModelVersion>;

  VersionPtr Make(DeploySpec spec);
  // These take as long as they take: they run on loader threads.
  Result<VersionInfo> DeployNow(DeploySpec spec);
  Result<VersionInfo> ReloadNow(const VersionPtr& old);
  Result<VersionInfo> LoadReserved(const VersionPtr& version, Result<DeployPlan> plan);
  Result<VersionInfo> LoadAndCommit(const VersionPtr& version, DeployPlan& plan);
  Result<VersionInfo> Commit(const VersionPtr& version);
  // On the control thread.
  Status RemoveNow(const std::string& name, const std::string& version, std::optional<Origin> only);

  const Parts parts_;
  std::atomic<bool> stopping_{false};
  std::mutex commit_mutex_;  // held from a change's writing to its publication
  WorkerPool control_;       // changes that load nothing, in the order in which they came
  WorkerPool loaders_;
};

}  // namespace plinth
