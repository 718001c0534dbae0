// The server's heart as the protocols see it: deploy, remove, look up, infer. Every protocol's
// codec decodes into an InferRequest and encodes from an InferResponse, so that limits, deadlines,
// errors and metrics live in one place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/config.h"
#include "model/registry.h"
#include "model/signature.h"
#include "repository/model_folder.h"
#include "serving/infer.h"
#include "serving/rollouts.h"
#include "serving/version_figures.h"
#include "serving/version_statistics.h"
#include "store/state_store.h"
#include "tensor/tensor.h"
#include "traffic/traffic_policy.h"

namespace plinth {

class Service {
 public:
  struct Options {
    std::vector<std::string> backend_dirs;             // where libplinth_*.so are
    std::vector<std::string> model_roots;              // paths in requests are confined to these
    std::size_t cache_bytes = std::size_t{256} << 20;  // for the answers that all models keep
    std::string version{};                             // of the server, for its metrics
    std::size_t memory_budget = 0;  // bytes of the process that lazy models keep to; 0: no bound
    // For the compiled forms of models; empty: none are kept.
    std::string compiled_cache_dir{};
    std::uint64_t compiled_cache_bytes = std::uint64_t{4} << 30;
    // Where models that are programs may lie; model roots as well. Empty: none is run.
    std::vector<std::string> code_roots{};
  };
  // These are called once, from another thread or at once.
  using DeployCallback = std::move_only_function<void(Result<VersionInfo>)>;
  using ReloadCallback = std::move_only_function<void(Result<std::vector<VersionInfo>>)>;
  using RemoveCallback = std::move_only_function<void(Status)>;
  using WakeCallback = std::move_only_function<void(Status)>;
  using TrafficCallback = std::move_only_function<void(Result<TrafficPolicy>)>;
  using EventsCallback = std::move_only_function<void(Result<std::vector<Event>>)>;

  // `state` keeps what is deployed; by default no longer than the service lives.
  explicit Service(Options options, std::unique_ptr<StateStore> state = StateStore::InMemory());
  // Waits for loads and executions that are running.
  ~Service();

  // Loads a version off the calling thread and publishes it. ALREADY_EXISTS, INVALID_ARGUMENT,
  // PERMISSION_DENIED (outside the roots), NOT_FOUND (path), INVALID_MODEL, FAILED_PRECONDITION
  // (removed while it was loading).
  void Deploy(DeploySpec spec, DeployCallback done);

  // Loads a version, or with an empty `version` all of the model, from its files as they are now,
  // beside what serves, and swaps it in; `done` gets what was swapped. What does not load stays as
  // it is: the first failure, or NOT_FOUND.
  void Reload(std::string name, std::string version, ReloadCallback done);

  // Reloads what the API has deployed and whose files have changed since.
  void ReloadChanged();

  // Takes a version, or with an empty `version` the whole model, out of service. Requests in flight
  // are answered. NOT_FOUND.
  void Remove(std::string name, std::string version, RemoveCallback done);

  // Changes how a model's requests are shared among its versions, all at once; `done` gets all of
  // the policy. NOT_FOUND; INVALID_ARGUMENT for versions that are not deployed; FAILED_PRECONDITION
  // for a rollout while another one runs, or that cannot begin.
  void SetTraffic(std::string name, ReleaseChange change, TrafficCallback done);

  // The last rollout of a model. NOT_FOUND, also if there was none.
  Result<RolloutView> DescribeRollout(const std::string& name) const;

  // Takes back the rollout of a model that runs; `done` gets all of the policy. NOT_FOUND;
  // FAILED_PRECONDITION: none runs.
  void TakeBackRollout(std::string name, TrafficCallback done);

  // How the versions of the model fare, in their order.
  std::vector<VersionFigures> Figures(const ModelInfo& model) const;

  // What was counted of the requests of the model's versions, in their order.
  std::vector<VersionStatistics> Statistics(const ModelInfo& model) const;

  // What happened to a model, the newest first, also after it was removed: at most `limit`, and
  // only what is older than the event `before_id` unless that is 0. NOT_FOUND: nothing ever
  // happened.
  void Events(std::string name, std::size_t limit, std::int64_t before_id, EventsCallback done);

  std::vector<ModelInfo> List() const;
  Result<ModelInfo> Describe(std::string_view name) const;

  // The deployments of a model's versions as they were asked for, in their order; empty if there
  // are none.
  std::vector<DeploySpec> Specs(std::string_view name) const;

  // The version that answers a request: the named one, or the one with that label, or with an empty
  // `version` one by the model's traffic policy. Holding the lease keeps the version loaded.
  // NOT_FOUND, UNAVAILABLE. Takes no lock.
  Result<VersionLease> Resolve(std::string_view name, std::string_view version) const;

  // As of Registry: the versions for a request that names none, and what is known of it before.
  Result<Routed> Route(std::string_view name, const KeyLookup& key) const;
  Result<RoutePreview> Preview(std::string_view name) const;

  // Whether a request, one that names no version if `version` is empty, has to wait for a lazy one
  // to be loaded. For requests that found nothing ready.
  bool Rests(std::string_view name, std::string_view version) const;

  // Has them loaded; `done` is called once the request, which came at `arrival`, may be tried
  // again. RESOURCE_EXHAUSTED, UNAVAILABLE, OUT_OF_MEMORY; DEADLINE_EXCEEDED as soon as timeout_ms
  // is over.
  void Wake(const std::string& name, const std::string& version, Clock::time_point arrival,
            WakeCallback done);

  // Checks the inputs against the signature, runs the model and calls `done` exactly once: on the
  // calling thread for a model known to be cheap, else from another. Never blocks.
  void Infer(InferRequest request, InferCallback done);

  // For event loops: called by a thread at the end of every turn, it has requests to cheap models
  // that came in within one turn executed together. A thread that never calls it is served as well.
  static void EndTurn();

  // Counts a request that failed before it became an InferRequest (it could not be decoded).
  void CountFailure(const VersionLease& version, Code code, Clock::time_point arrival);

  // For the keeper of a folder of models: deploys a version that lies there. It is listed at once,
  // and stays so as failed if it has a problem or cannot be planned. It takes the place of what the
  // folder had there before, but not of what a request has deployed: ALREADY_EXISTS.
  void DeployFound(FolderModel found, DeployCallback done);

  // Removes what DeployFound() has deployed. FAILED_PRECONDITION if a request has put another
  // version in its place.
  void RemoveFound(std::string name, std::string version, RemoveCallback done);

  // Lets models come from a further folder. Any thread.
  void AddModelRoot(const std::string& root);

  // Whether requests should be sent here: everything that Restore() found has been loaded, or
  // has failed to, nobody holds it up by HoldReady(), and no shutdown has begun.
  bool ready() const;

  // ready() is false for as long as what this returns lives, which must not outlive the service.
  std::shared_ptr<const void> HoldReady();

  // Deploys what the state holds, in parallel, while the server already answers. The names are
  // taken when this returns. Failures are logged and shown, nothing more. FAILED_PRECONDITION: the
  // state cannot be read.
  Status Restore();

  // From here on ready() is false and nothing new is deployed.
  void BeginShutdown();

  // The metrics in the Prometheus text format.
  std::string RenderMetrics() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace plinth
