#include "serving/service.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <new>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "serving/alarm.h"
#include "serving/deployment.h"
#include "serving/input_check.h"
#include "serving/model_metrics.h"
#include "serving/version_queue.h"
#include "serving/worker_pool.h"

namespace plinth {
namespace {

// More executions at once than any machine that this runs on can use; a bound on threads.
constexpr std::size_t kMaxWorkers = 512;

VersionQueue& QueueOf(ModelVersion& version) {
  return static_cast<VersionQueue&>(*version.attachment());
}

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
void WarnOf(ModelVersion& version, std::int64_t instances) {
  const ModelConfig& config = version.config();
  if (config.cache_size > 0) {
    version.Warn(
        "cache_size is kept but there is no cache in this release: every request runs the model");
  }
  if (config.batch_timeout_ms > 0) {
    version.Warn(
        "batch_timeout_ms is kept but requests are not joined in this release: none waits for "
        "others");
  }
  if (config.instances.max > instances) {
    version.Warn("instances is " + std::to_string(instances) +
                 ": this model's engine takes one call at a time");
  }
}

}  // namespace

// The members are destroyed from the last to the first: first the threads, which finish what they
// run, then what they use.
struct Service::Impl {
  explicit Impl(Options o)
      : options(std::move(o)), roots(options.model_roots), backends(options.backend_dirs) {}

  const Options options;
  const ModelRoots roots;
  BackendSet backends;
  ModelMetrics metrics;
  std::atomic<std::size_t> preloading{0};
  std::atomic<bool> stopping{false};
  Alarm alarm;
  // Unloads and the memory's return to the system; must take what the other threads still drop at
  // their end.
  WorkerPool disposers{1};
  Registry registry;
  WorkerPool loaders{std::max<std::size_t>(2, std::thread::hardware_concurrency())};
  WorkerPool workers{kMaxWorkers};

  void Dispose(std::unique_ptr<LoadedModel> model) {
    disposers.Post([model = std::move(model)]() mutable {
      model.reset();
      malloc_trim(0);
    });
  }

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
  auto queue = std::make_unique<VersionQueue>(
      *version, metrics.For(version->name(), version->version()), metrics, workers, alarm);
  version->SetInstances({queue->instances(), queue->instances()});
  WarnOf(*version, queue->instances());
  version->Attach(std::move(queue));
  if (const auto replaced = registry.Publish(version)) replaced->Retire();
  return version->Info();
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
  for (const auto& v : *removed) v->Retire();
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
  QueueOf(*version).Submit(std::move(request), std::move(*wanted), *rows, std::move(done));
}

void Service::CountFailure(const VersionLease& version, Code code, Clock::time_point arrival) {
  QueueOf(*version).CountFailure(code, arrival);
}

bool Service::ready() const { return !impl_->stopping.load() && impl_->preloading.load() == 0; }

void Service::BeginShutdown() { impl_->stopping.store(true); }

std::string Service::RenderMetrics() const { return impl_->metrics.Render(); }

}  // namespace plinth
