#include "serving/service.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/utc_time.h"
#include "pipeline/pipeline_backend.h"
#include "serving/alarm.h"
#include "serving/batching/batch_join.h"
#include "serving/cache/response_cache.h"
#include "serving/call_scope.h"
#include "serving/input_check.h"
#include "serving/lifecycle.h"
#include "serving/model_metrics.h"
#include "serving/pipeline_host.h"
#include "serving/rollouts.h"
#include "serving/shadows.h"
#include "serving/step_back.h"
#include "serving/turn.h"
#include "serving/version_figures.h"
#include "serving/version_server.h"
#include "serving/worker_pool.h"

namespace plinth {
namespace {

// More executions at once than any machine that this runs on can use; a bound on threads.
constexpr std::size_t kMaxWorkers = 512;

// How often answers that are too old are looked for, so that those nobody asks for again give their
// memory back.
constexpr std::chrono::seconds kSweepInterval{1};

// What is set for a pipeline and is a matter of the models that it asks. (Of batch_size, which has
// a default, nobody knows whether it was set.)
void WarnOfMembersSettings(ModelVersion& version) {
  const ModelConfig& config = version.config();
  const auto warn = [&version](bool set, std::string_view name) {
    if (!set) return;
    version.Warn(std::string(name) +
                 " has no effect on a pipeline: set it for the models that it asks");
  };
  warn(config.batch_timeout_ms > 0, "batch_timeout_ms");
  warn(!config.preferred_batch_sizes.empty(), "preferred_batch_sizes");
  warn(config.threads > 0, "threads");
  warn(config.instances.max > 0, "instances");
}

// What the configuration asks for and will not get.
void WarnOf(ModelVersion& version, const InstanceLimits& instances) {
  const ModelConfig& config = version.config();
  const Signature& signature = version.signature();
  if (config.cache_size > 0 && signature.stateful) {
    version.Warn(signature.decoupled
                     ? "cache_size has no effect: the model may give several answers to a request "
                       "(it is decoupled), and these are not cached"
                     : "cache_size has no effect: the model keeps state, so its answers are not "
                       "cached");
  }
  if (version.async() != nullptr) return WarnOfMembersSettings(version);
  if (config.batch_timeout_ms > 0 && !CanBatch(signature)) {
    version.Warn(
        "batch_timeout_ms has no effect: requests to this model cannot be joined, since not all of "
        "its inputs and outputs have a batch axis");
  }
  if (config.instances.max > instances.max) {
    version.Warn("at most " + std::to_string(instances.max) +
                 " instances: this model's engine takes one call at a time");
  }
}

// A request that `old` has answered, if `version` takes the same inputs.
RequestSample::Inputs SampleFor(const ModelVersion& version, ModelVersion* old) {
  if (old == nullptr || old->state() != VersionState::kReady) return {};
  const VersionInfo known = old->Info();
  if (known.signature.inputs != version.signature().inputs) return {};
  return VersionServer::Of(*old).sample().Get();
}

std::shared_ptr<CompiledCache> CompiledCacheOf(const Service::Options& options) {
  if (options.compiled_cache_dir.empty()) return nullptr;
  return std::make_shared<CompiledCache>(options.compiled_cache_dir, options.compiled_cache_bytes);
}

}  // namespace

// The members are destroyed from the last to the first: first the threads, which finish what they
// run, then what they use.
struct Service::Impl final : VersionHost, CallableModels {
  Impl(Service& s, Options o, std::unique_ptr<StateStore> kept)
      : service(s),
        options(std::move(o)),
        state(std::move(kept)),
        roots(options.model_roots, options.code_roots),
        backends(options.backend_dirs, CompiledCacheOf(options)),
        metrics(options.version),
        cache(ResponseCache::Create(options.cache_bytes)) {
    backends.Add(std::make_shared<pipeline::PipelineBackend>(&pipeline_host));
    SweepLater();
  }
  ~Impl() override { alarm.Stop(); }  // its calls use what comes after it

  Service& service;
  const Options options;
  const std::unique_ptr<StateStore> state;
  ModelRoots roots;
  BackendSet backends;
  ModelMetrics metrics;
  const std::shared_ptr<ResponseCache> cache;
  std::atomic<std::size_t> ready_holds{0};
  std::atomic<bool> stopping{false};
  Alarm alarm;
  // Outlives the pipelines that are unloaded.
  PipelineHost pipeline_host{registry, lifecycle, metrics, workers, alarm};
  // Unloads and the memory's return to the system; must take what the other threads still drop at
  // their end.
  WorkerPool disposers{"plinth-unload", 1};
  Registry registry;
  Shadows shadows{metrics};
  TrafficSeen traffic_seen;
  Rollouts rollouts{{registry, metrics, shadows, alarm},
                    [this](const std::string& model, const Rollout& rollout,
                           RolloutDecision decision, const RolloutObservation& seen) {
                      lifecycle.Advance(model, rollout, std::move(decision), seen);
                    }};
  WorkerPool workers{"plinth-run", kMaxWorkers, kStepBack};
  Lifecycle lifecycle{{registry, roots, backends, *this, *state, *this, options.memory_budget}};

  Status Equip(ModelVersion& version, ModelVersion* old) override;
  void Retire(ModelVersion& version) override;
  void Forget(const std::string& model, const std::string& version) override;
  void Follow(const std::string& model, const TrafficPolicy& policy) override;
  void Dispose(std::unique_ptr<LoadedModel> model) override;
  void AwaitDisposal() override;
  void Ask(const std::string& model, const std::string& version, InferRequest request,
           InferCallback done) override;
  void AskVersion(InferRequest request, InferCallback done) override;
  std::uint64_t generation() const override { return registry.generation(); }

  void SweepLater() {
    alarm.At(Clock::now() + kSweepInterval, [this] {
      for (const auto& version : registry.Servable()) VersionServer::Of(*version).SweepCache();
      SweepLater();
    });
  }

  // By version: the requests that named none.
  TrafficSeen::Counts RoutedCounts(const ModelInfo& model) const;
  void UpdateMetrics();
};

Status Service::Impl::Equip(ModelVersion& version, ModelVersion* old) {
  RequestSample::Inputs sample = SampleFor(version, old);
  if (!sample.empty()) {
    const CallScope scope(*this, version, {});
    if (auto ran = SteppedBack([&] { return version.Rehearse(sample, scope); }); !ran) {
      return Fail(
          Code::kInvalidModel,
          "it fails a request that the version in its place has answered: " + ran.error().message);
    }
  }
  VersionMetrics series = metrics.For(version.name(), version.version());
  series.load_duration->Set(version.Info().load_ms / 1e3);
  auto server =
      std::make_unique<VersionServer>(version, std::move(series), *cache, workers, alarm, *this);
  const InstanceLimits instances = server->instance_limits();
  version.SetInstances(instances);
  WarnOf(version, instances);
  if (!sample.empty()) server->sample().Keep(std::move(sample));
  version.Attach(std::move(server));
  return {};
}

// Lets in no new requests, gives no cached answers, and makes none wait for others.
void Service::Impl::Retire(ModelVersion& version) {
  if (version.attachment() != nullptr) VersionServer::Of(version).Close();
  version.Retire();
  // A copy on its way to it may have been counted after it was forgotten.
  if (registry.Find(version.name(), version.version()) == nullptr) {
    Forget(version.name(), version.version());
  }
}

void Service::Impl::Forget(const std::string& model, const std::string& version) {
  metrics.Forget(model, version);
  shadows.Forget(model, version);
  rollouts.NoteRemoved(model, version);
  if (registry.Describe(model)) return;
  metrics.Forget(model);
  traffic_seen.Forget(model);
  rollouts.Forget(model);
}

void Service::Impl::Follow(const std::string& model, const TrafficPolicy& policy) {
  const auto info = registry.Describe(model);
  traffic_seen.Follow(model, policy, info ? RoutedCounts(*info) : TrafficSeen::Counts());
  rollouts.Follow(model, policy);
}

TrafficSeen::Counts Service::Impl::RoutedCounts(const ModelInfo& model) const {
  TrafficSeen::Counts routed;
  for (const VersionInfo& version : model.versions) {
    routed[version.version] = metrics.CountsOf(model.name, version.version).routed();
  }
  return routed;
}

void Service::Impl::Dispose(std::unique_ptr<LoadedModel> model) {
  disposers.Post([model = std::move(model)]() mutable {
    model.reset();
    malloc_trim(0);
  });
}

void Service::Impl::AwaitDisposal() {
  std::promise<void> done;
  disposers.Post([&done] { done.set_value(); });  // one thread, so after all before it
  done.get_future().wait();
}

void Service::Impl::Ask(const std::string& model, const std::string& version, InferRequest request,
                        InferCallback done) {
  Result<VersionLease> found = [&]() -> Result<VersionLease> {
    if (!version.empty()) return registry.Resolve(model, version);
    auto routed = registry.Route(model, [](const StickyKey&) { return std::nullopt; });
    if (!routed) return Fail(std::move(routed.error()));
    request.shadow = std::move(routed->shadow);
    return std::move(routed->version);
  }();
  if (!found) {
    if (found.error().code != Code::kUnavailable || !service.Rests(model, version)) {
      return done(Fail(std::move(found.error())));
    }
    // Its arrival is kept: a model that rests again and again lets the request run into its
    // deadline.
    const Clock::time_point arrival = request.arrival;
    return service.Wake(model, version, arrival,
                        [this, model, version, request = std::move(request),
                         done = std::move(done)](const Status& woken) mutable {
                          if (!woken) return done(Fail(woken.error()));
                          Ask(model, version, std::move(request), std::move(done));
                        });
  }
  request.version = *std::move(found);
  AskVersion(std::move(request), std::move(done));
}

void Service::Impl::AskVersion(InferRequest request, InferCallback done) {
  const auto free = CheckChain(*request.version, request.chain.get());
  if (!free) return done(Fail(free.error()));
  service.Infer(std::move(request), std::move(done));
}

// Gauges show what is now, and so are set when they are looked at.
void Service::Impl::UpdateMetrics() {
  const auto versions = registry.Servable();
  std::map<std::string, CacheStats> caches;  // by model
  for (const auto& version : versions) {
    VersionServer::Of(*version).UpdateMetrics(caches[version->name()]);
  }
  for (const auto& version : versions) {
    VersionServer::Of(*version).SetCacheGauges(caches[version->name()]);
  }
  metrics.cache_bytes.Set(static_cast<double>(cache->bytes()));
  metrics.cache_limit_bytes.Set(static_cast<double>(cache->max_bytes()));
}

Service::Service(Options options, std::unique_ptr<StateStore> state)
    : impl_(std::make_unique<Impl>(*this, std::move(options), std::move(state))) {}

Service::~Service() {
  BeginShutdown();
  impl_->shadows.Stop();
  for (const ModelInfo& model : List()) {
    if (auto removed = impl_->registry.Remove(model.name, "")) {
      for (const auto& version : *removed) impl_->Retire(*version);
    }
  }
}

void Service::Deploy(DeploySpec spec, DeployCallback done) {
  impl_->lifecycle.Deploy(std::move(spec), std::move(done));
}

std::shared_ptr<const void> Service::HoldReady() {
  impl_->ready_holds.fetch_add(1);
  return {impl_.get(), [](Impl* impl) { impl->ready_holds.fetch_sub(1); }};
}

void Service::DeployFound(FolderModel found, DeployCallback done) {
  found.spec.origin = Origin::kFolder;
  found.spec.replace = true;
  // What lies there at the start is no event.
  const auto cause =
      impl_->ready_holds.load() > 0 ? Lifecycle::Cause::kStart : Lifecycle::Cause::kDeploy;
  impl_->lifecycle.DeployListed(std::move(found.spec), std::move(found.problem), cause,
                                std::move(done));
}

void Service::RemoveFound(std::string name, std::string version, RemoveCallback done) {
  impl_->lifecycle.Remove(std::move(name), std::move(version), Origin::kFolder, std::move(done));
}

void Service::AddModelRoot(const std::string& root) { impl_->roots.Add(root); }

Status Service::Restore() {
  auto restored = impl_->lifecycle.Restore();
  if (!restored) return Fail(std::move(restored.error()));
  const auto hold = HoldReady();
  for (Lifecycle::Restored& version : *restored) {
    impl_->lifecycle.DeployListed(std::move(version.spec), std::move(version.problem),
                                  Lifecycle::Cause::kStart, [hold](const auto&) {});
  }
  return {};
}

void Service::Reload(std::string name, std::string version, ReloadCallback done) {
  impl_->lifecycle.Reload(std::move(name), std::move(version), std::move(done));
}

void Service::ReloadChanged() { impl_->lifecycle.ReloadChanged(); }

void Service::Remove(std::string name, std::string version, RemoveCallback done) {
  impl_->lifecycle.Remove(std::move(name), std::move(version), std::nullopt, std::move(done));
}

void Service::Wake(const std::string& name, const std::string& version, Clock::time_point arrival,
                   WakeCallback done) {
  // Who is first, the load or the deadline, takes the callback.
  struct Waiter {
    std::mutex mutex;
    WakeCallback done;
    void Answer(Status status) {
      WakeCallback taken;
      {
        const std::lock_guard lock(mutex);
        taken = std::exchange(done, nullptr);
      }
      if (taken) taken(std::move(status));
    }
  };
  const auto waiter = std::make_shared<Waiter>();
  waiter->done = std::move(done);
  std::int64_t timeout_ms = 0;
  for (const auto& resting : impl_->registry.Resting(name, version)) {
    timeout_ms = std::max(timeout_ms, resting->config().timeout_ms);
  }
  if (timeout_ms > 0) {
    impl_->alarm.At(arrival + std::chrono::milliseconds(timeout_ms), [waiter, timeout_ms] {
      waiter->Answer(Fail(Code::kDeadlineExceeded, "the model was not loaded within timeout_ms, " +
                                                       std::to_string(timeout_ms) +
                                                       " ms; it goes on loading"));
    });
  }
  impl_->lifecycle.Wake(name, version,
                        [waiter](Status status) { waiter->Answer(std::move(status)); });
}

bool Service::Rests(std::string_view name, std::string_view version) const {
  return !impl_->registry.Resting(name, version).empty();
}

void Service::SetTraffic(std::string name, ReleaseChange change, TrafficCallback done) {
  impl_->lifecycle.SetTraffic(std::move(name), std::move(change), std::move(done));
}

Result<RolloutView> Service::DescribeRollout(const std::string& name) const {
  if (const auto model = impl_->registry.Describe(name); !model) return Fail(model.error());
  auto view = impl_->rollouts.View(name);
  if (!view) return Fail(Code::kNotFound, "model '" + name + "' has had no rollout");
  return *std::move(view);
}

void Service::TakeBackRollout(std::string name, TrafficCallback done) {
  const auto view = impl_->rollouts.View(name);
  impl_->lifecycle.TakeBack(std::move(name), view ? view->seen : RolloutObservation(),
                            std::move(done));
}

std::vector<VersionFigures> Service::Figures(const ModelInfo& model) const {
  const std::vector<double> asked = AskedShares(model);
  TrafficSeen::Counts routed;
  std::vector<VersionFigures> figures;
  for (const VersionInfo& version : model.versions) {
    const RequestCounts counts = impl_->metrics.CountsOf(model.name, version.version);
    routed[version.version] = counts.routed();
    figures.push_back(FiguresOf(counts));
    figures.back().shadow = impl_->shadows.Figures(model.name, version.version);
  }
  const auto seen = impl_->traffic_seen.Shares(model.name, routed);
  for (std::size_t i = 0; i < figures.size(); ++i) {
    figures[i].asked = asked[i];
    if (const auto share = seen.find(model.versions[i].version); share != seen.end())
      figures[i].seen = share->second;
  }
  return figures;
}

std::vector<VersionStatistics> Service::Statistics(const ModelInfo& model) const {
  std::vector<VersionStatistics> statistics;
  for (const VersionInfo& info : model.versions) {
    // The times first: no failure is then without its request.
    const TimingTotals timings = impl_->metrics.TimingsOf(model.name, info.version);
    const RequestCounts counts = impl_->metrics.CountsOf(model.name, info.version);
    statistics.push_back(StatisticsOf(counts, timings));
    statistics.back().version = info.version;
    statistics.back().memory_bytes = info.memory_bytes;
    const auto version = impl_->registry.Find(model.name, info.version);
    if (counts.submitted == 0 || !version || version->state() != VersionState::kReady) continue;
    const auto ago = Clock::now() - VersionServer::Of(*version).last_used();
    statistics.back().last_inference_ms =
        NowMs() - std::chrono::duration_cast<std::chrono::milliseconds>(ago).count();
  }
  return statistics;
}

void Service::Events(std::string name, std::size_t limit, std::int64_t before_id,
                     EventsCallback done) {
  impl_->lifecycle.Events(std::move(name), limit, before_id, std::move(done));
}

std::vector<ModelInfo> Service::List() const { return impl_->registry.List(); }

Result<ModelInfo> Service::Describe(std::string_view name) const {
  return impl_->registry.Describe(name);
}

std::vector<DeploySpec> Service::Specs(std::string_view name) const {
  std::vector<DeploySpec> specs;
  const auto model = Describe(name);
  if (!model) return specs;
  for (const VersionInfo& info : model->versions) {
    if (const auto version = impl_->registry.Find(name, info.version))
      specs.push_back(version->spec());
  }
  return specs;
}

Result<VersionLease> Service::Resolve(std::string_view name, std::string_view version) const {
  return impl_->registry.Resolve(name, version);
}

Result<Routed> Service::Route(std::string_view name, const KeyLookup& key) const {
  return impl_->registry.Route(name, key);
}

Result<RoutePreview> Service::Preview(std::string_view name) const {
  return impl_->registry.Preview(name);
}

void Service::Infer(InferRequest request, InferCallback done) {
  const VersionLease version = request.version;
  // What comes in parts is not compared.
  if (request.shadow && !version->signature().decoupled)
    done = impl_->shadows.Mirror(request, std::move(done));
  const auto refuse = [&](Error error) {
    CountFailure(version, error.code, request.arrival);
    done(Fail(std::move(error)));
  };
  const auto rows = CheckInputs(version->signature(), request.inputs);
  if (!rows) return refuse(rows.error());
  auto wanted = CheckOutputs(version->signature(), request.outputs);
  if (!wanted) return refuse(wanted.error());
  VersionServer::Of(*version).Submit(std::move(request), std::move(*wanted), *rows,
                                     std::move(done));
}

void Service::CountFailure(const VersionLease& version, Code code, Clock::time_point arrival) {
  VersionServer::Of(*version).CountFailure(code, arrival);
}

bool Service::ready() const { return !impl_->stopping.load() && impl_->ready_holds.load() == 0; }

void Service::BeginShutdown() {
  impl_->stopping.store(true);
  impl_->lifecycle.Stop();
}

void Service::EndTurn() { plinth::EndTurn(); }

std::string Service::RenderMetrics() const {
  impl_->UpdateMetrics();
  return impl_->metrics.Render(List());
}

}  // namespace plinth
