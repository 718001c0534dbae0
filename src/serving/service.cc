#include "serving/service.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <map>
#include <new>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "serving/alarm.h"
#include "serving/batching/batch_join.h"
#include "serving/cache/response_cache.h"
#include "serving/deployment.h"
#include "serving/input_check.h"
#include "serving/model_metrics.h"
#include "serving/turn.h"
#include "serving/version_server.h"
#include "serving/worker_pool.h"

namespace plinth {
namespace {

// More executions at once than any machine that this runs on can use; a bound on threads.
constexpr std::size_t kMaxWorkers = 512;

// Long executions step back from the threads that read, write and run what is cheap.
constexpr int kWorkerNiceness = 5;

// How often answers that are too old are looked for, so that those nobody asks for again give their
// memory back.
constexpr std::chrono::seconds kSweepInterval{1};

std::string Title(const DeploySpec& spec) { return "model '" + spec.name + "' " + spec.version; }

// A deployment with the exceptions of the standard library as errors.
template <typename Step>
Result<VersionInfo> Guarded(Step step) {
  try {
    return step();
  } catch (const std::bad_alloc&) {
    return Fail(Code::kOutOfMemory, "the model does not fit into memory");
  } catch (const std::exception& error) {
    return Fail(Code::kInternal, std::string("the model cannot be loaded: ") + error.what());
  }
}

// What the configuration asks for and will not get.
void WarnOf(ModelVersion& version, const InstanceLimits& instances) {
  const ModelConfig& config = version.config();
  const Signature& signature = version.signature();
  if (config.cache_size > 0 && signature.stateful) {
    version.Warn("cache_size has no effect: the model keeps state, so its answers are not cached");
  }
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

}  // namespace

// The members are destroyed from the last to the first: first the threads, which finish what they
// run, then what they use.
struct Service::Impl {
  explicit Impl(Options o)
      : options(std::move(o)),
        roots(options.model_roots),
        backends(options.backend_dirs),
        metrics(options.version),
        cache(ResponseCache::Create(options.cache_bytes)) {
    SweepLater();
  }
  ~Impl() { alarm.Stop(); }  // its calls use what comes after it

  const Options options;
  const ModelRoots roots;
  BackendSet backends;
  ModelMetrics metrics;
  const std::shared_ptr<ResponseCache> cache;
  std::atomic<std::size_t> preloading{0};
  std::atomic<bool> stopping{false};
  Alarm alarm;
  // Unloads and the memory's return to the system; must take what the other threads still drop at
  // their end.
  WorkerPool disposers{"plinth-unload", 1};
  Registry registry;
  WorkerPool loaders{"plinth-load", std::max<std::size_t>(2, std::thread::hardware_concurrency())};
  WorkerPool workers{"plinth-run", kMaxWorkers, kWorkerNiceness};

  void Dispose(std::unique_ptr<LoadedModel> model) {
    disposers.Post([model = std::move(model)]() mutable {
      model.reset();
      malloc_trim(0);
    });
  }

  // Lets in no new requests, gives no cached answers, and makes none wait for others.
  void Retire(ModelVersion& version) {
    if (version.attachment() != nullptr) VersionServer::Of(version).Close();
    version.Retire();
  }

  void SweepLater() {
    alarm.At(Clock::now() + kSweepInterval, [this] {
      for (const auto& version : registry.Servable()) VersionServer::Of(*version).SweepCache();
      SweepLater();
    });
  }

  void UpdateMetrics();
  Result<VersionInfo> Deploy(DeploySpec spec);
  Result<VersionInfo> LoadAndPublish(const std::shared_ptr<ModelVersion>& version,
                                     DeployPlan& plan);
};

Result<VersionInfo> Service::Impl::Deploy(DeploySpec spec) {
  auto plan = PlanDeployment(spec, roots, backends);
  if (!plan) return Fail(plan.error());
  const bool replace = spec.replace;
  spec.config = std::move(plan->config);
  auto version = std::make_shared<ModelVersion>(
      std::move(spec), [this](std::unique_ptr<LoadedModel> model) { Dispose(std::move(model)); });
  if (auto reserved = registry.Reserve(version, replace); !reserved) return Fail(reserved.error());
  auto published = Guarded([&] { return LoadAndPublish(version, *plan); });
  if (!published) {
    version->Fail(published.error());
    registry.Abandon(version);
  }
  return published;
}

Result<VersionInfo> Service::Impl::LoadAndPublish(const std::shared_ptr<ModelVersion>& version,
                                                  DeployPlan& plan) {
  if (auto loaded = version->Load(*plan.backend, plan.framework, plan.path); !loaded)
    return Fail(loaded.error());
  VersionMetrics series = metrics.For(version->name(), version->version());
  series.load_duration->Set(version->Info().load_ms / 1e3);
  auto server =
      std::make_unique<VersionServer>(*version, std::move(series), *cache, workers, alarm);
  const InstanceLimits instances = server->instance_limits();
  version->SetInstances(instances);
  WarnOf(*version, instances);
  version->Attach(std::move(server));
  if (const auto replaced = registry.Publish(version)) Retire(*replaced);
  return version->Info();
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

Service::Service(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Service::~Service() {
  BeginShutdown();
  for (const ModelInfo& model : List()) {
    const auto removed = Remove(model.name, "");
    if (!removed) LogDebug(removed.error().message);
  }
}

void Service::Deploy(DeploySpec spec, DeployCallback done) {
  if (impl_->stopping.load(std::memory_order_relaxed)) {
    return done(Fail(Code::kUnavailable, "the server is shutting down"));
  }
  impl_->loaders.Post(
      [impl = impl_.get(), spec = std::move(spec), done = std::move(done)]() mutable {
        const std::string title = Title(spec);
        auto result = Guarded([&] { return impl->Deploy(std::move(spec)); });
        if (result) {
          LogInfo(fmt::format("{} is ready: {} by {}, loaded in {:.1f} ms", title,
                              result->framework, result->engine, result->load_ms));
        } else {
          LogWarning(title + " was not deployed: " + result.error().message);
        }
        done(std::move(result));
      });
}

void Service::Preload(std::vector<DeploySpec> specs) {
  impl_->preloading.fetch_add(specs.size());
  for (DeploySpec& spec : specs) {
    Deploy(std::move(spec),
           [impl = impl_.get()](const Result<VersionInfo>&) { impl->preloading.fetch_sub(1); });
  }
}

Status Service::Remove(std::string_view name, std::string_view version) {
  auto removed = impl_->registry.Remove(name, version);
  if (!removed) return Fail(removed.error());
  for (const auto& v : *removed) {
    impl_->Retire(*v);
    impl_->metrics.Forget(v->name(), v->version());
  }
  if (!impl_->registry.Describe(name)) impl_->metrics.Forget(std::string(name));
  LogInfo(fmt::format("model '{}' {} was removed", name,
                      version.empty() ? "with all versions" : version));
  return {};
}

std::vector<ModelInfo> Service::List() const { return impl_->registry.List(); }

Result<ModelInfo> Service::Describe(std::string_view name) const {
  return impl_->registry.Describe(name);
}

Result<VersionLease> Service::Resolve(std::string_view name, std::string_view version) const {
  return impl_->registry.Resolve(name, version);
}

void Service::Infer(InferRequest request, InferCallback done) {
  const VersionLease version = request.version;
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

bool Service::ready() const { return !impl_->stopping.load() && impl_->preloading.load() == 0; }

void Service::BeginShutdown() { impl_->stopping.store(true); }

void Service::EndTurn() { plinth::EndTurn(); }

std::string Service::RenderMetrics() const {
  impl_->UpdateMetrics();
  return impl_->metrics.Render(List());
}

}  // namespace plinth
