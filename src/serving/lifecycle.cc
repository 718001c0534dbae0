#include "serving/lifecycle.h"

#include <algorithm>
#include <exception>
#include <new>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "repository/fingerprint.h"

namespace plinth {
namespace {

std::string Title(const ModelVersion& version) {
  return "model '" + version.name() + "' " + version.version();
}

// A step of a deployment with the exceptions of the standard library as errors.
template <typename Step>
auto Guarded(Step step) -> decltype(step()) {
  try {
    return step();
  } catch (const std::bad_alloc&) {
    return Fail(Code::kOutOfMemory, "the model does not fit into memory");
  } catch (const std::exception& error) {
    return Fail(Code::kInternal, std::string("the model cannot be loaded: ") + error.what());
  }
}

std::unexpected<Error> ShuttingDown() {
  return Fail(Code::kUnavailable, "the server is shutting down");
}

void LogOutcome(const std::string& title, const Result<VersionInfo>& result) {
  if (result) {
    LogInfo(fmt::format("{} is ready: {} by {}, loaded in {:.1f} ms", title, result->framework,
                        result->engine, result->load_ms));
  } else {
    LogWarning(title + " was not deployed: " + result.error().message);
  }
}

}  // namespace

Lifecycle::Lifecycle(Parts parts)
    : parts_(parts),
      control_("plinth-control", 1),
      loaders_("plinth-load", std::max<std::size_t>(2, std::thread::hardware_concurrency())) {}

Lifecycle::~Lifecycle() { Stop(); }

void Lifecycle::Stop() { stopping_.store(true); }

Lifecycle::VersionPtr Lifecycle::Make(DeploySpec spec) {
  return std::make_shared<ModelVersion>(std::move(spec),
                                        [host = &parts_.host](std::unique_ptr<LoadedModel> model) {
                                          host->Dispose(std::move(model));
                                        });
}

// ---- Loading

void Lifecycle::Deploy(DeploySpec spec, Done<VersionInfo> done) {
  if (stopping_.load()) return done(ShuttingDown());
  loaders_.Post([this, spec = std::move(spec), done = std::move(done)]() mutable {
    const std::string title = "model '" + spec.name + "' " + spec.version;
    auto result = Guarded([&] { return DeployNow(std::move(spec)); });
    LogOutcome(title, result);
    done(std::move(result));
  });
}

void Lifecycle::DeployListed(DeploySpec spec, std::optional<Error> problem,
                             Done<VersionInfo> done) {
  if (stopping_.load()) return done(ShuttingDown());
  const auto version = Make(std::move(spec));
  if (auto reserved = parts_.registry.Reserve(version, version->spec().replace); !reserved) {
    LogWarning(Title(*version) + " was not deployed: " + reserved.error().message);
    return done(Fail(std::move(reserved.error())));
  }
  loaders_.Post([this, version, problem = std::move(problem), done = std::move(done)]() mutable {
    auto result =
        LoadReserved(version, Guarded([&]() -> Result<DeployPlan> {
                       if (problem) return Fail(*std::move(problem));
                       return PlanDeployment(version->spec(), parts_.roots, parts_.backends);
                     }));
    LogOutcome(Title(*version), result);
    done(std::move(result));
  });
}

// What cannot even be planned leaves no trace: the name may be a mistake, too.
Result<VersionInfo> Lifecycle::DeployNow(DeploySpec spec) {
  auto plan = PlanDeployment(spec, parts_.roots, parts_.backends);
  if (!plan) return Fail(std::move(plan.error()));
  const auto version = Make(std::move(spec));
  if (auto reserved = parts_.registry.Reserve(version, version->spec().replace); !reserved) {
    return Fail(std::move(reserved.error()));
  }
  return LoadReserved(version, std::move(plan));
}

Result<VersionInfo> Lifecycle::LoadReserved(const VersionPtr& version, Result<DeployPlan> plan) {
  auto ready = plan ? Guarded([&] { return LoadAndCommit(version, *plan); })
                    : Result<VersionInfo>(Fail(std::move(plan.error())));
  if (!ready) {
    version->Fail(ready.error());
    parts_.registry.Abandon(version);
  }
  return ready;
}

Result<VersionInfo> Lifecycle::LoadAndCommit(const VersionPtr& version, DeployPlan& plan) {
  version->SetConfig(std::move(plan.config));
  if (auto loaded = version->Load(*plan.backend, plan.framework, plan.path); !loaded) {
    return Fail(std::move(loaded.error()));
  }
  if (FingerprintOf(plan.source) != plan.fingerprint) {
    return Fail(Code::kInvalidModel,
                "the model's files changed while they were loaded; deploy it again");
  }
  parts_.host.Equip(*version);
  return Commit(version);
}

Result<VersionInfo> Lifecycle::Commit(const VersionPtr& version) {
  std::shared_ptr<ModelVersion> replaced;
  {
    const std::lock_guard lock(commit_mutex_);
    if (!parts_.registry.Holds(*version)) {
      parts_.host.Forget(version->name(), version->version());
      return Fail(Code::kFailedPrecondition, Title(*version) + " was removed while it was loading");
    }
    replaced = parts_.registry.Publish(version);
  }
  if (replaced != nullptr) parts_.host.Retire(*replaced);
  return version->Info();
}

// ---- Reloading

void Lifecycle::Reload(std::string name, std::string version, Done<std::vector<VersionInfo>> done) {
  if (stopping_.load()) return done(ShuttingDown());
  loaders_.Post([this, name = std::move(name), version = std::move(version),
                 done = std::move(done)]() mutable {
    const auto model = parts_.registry.Describe(name);
    if (!model) return done(Fail(model.error()));
    std::vector<VersionInfo> reloaded;
    std::optional<Error> failure;
    bool found = false;
    for (const VersionInfo& info : model->versions) {
      if (!version.empty() && info.version != version) continue;
      found = true;
      const auto old = parts_.registry.Find(name, info.version);
      if (old == nullptr) continue;  // removed meanwhile
      auto result = Guarded([&] { return ReloadNow(old); });
      LogOutcome(Title(*old), result);
      if (result) {
        reloaded.push_back(*std::move(result));
      } else if (!failure) {
        failure = result.error().Annotate("version '" + info.version + "' was not reloaded");
      }
    }
    if (!found) {
      return done(
          Fail(Code::kNotFound, "model '" + name + "' has no version '" + version + "' to reload"));
    }
    if (failure) return done(Fail(*std::move(failure)));
    done(std::move(reloaded));
  });
}

Result<VersionInfo> Lifecycle::ReloadNow(const VersionPtr& old) {
  DeploySpec spec = old->spec();
  spec.replace = true;
  return DeployNow(std::move(spec));
}

// ---- Removing

void Lifecycle::Remove(std::string name, std::string version, std::optional<Origin> only,
                       Done<void> done) {
  control_.Post([this, name = std::move(name), version = std::move(version), only,
                 done = std::move(done)]() mutable { done(RemoveNow(name, version, only)); });
}

Status Lifecycle::RemoveNow(const std::string& name, const std::string& version,
                            std::optional<Origin> only) {
  std::vector<VersionPtr> removed;
  {
    const std::lock_guard lock(commit_mutex_);
    const auto there = only ? parts_.registry.Find(name, version) : nullptr;
    if (there != nullptr && there->spec().origin != *only) {
      return Fail(Code::kFailedPrecondition, Title(*there) + " was deployed by another");
    }
    auto taken = parts_.registry.Remove(name, version);
    if (!taken) return Fail(std::move(taken.error()));
    removed = *std::move(taken);
    for (const VersionPtr& v : removed) parts_.host.Forget(v->name(), v->version());
  }
  for (const VersionPtr& v : removed) parts_.host.Retire(*v);
  LogInfo(fmt::format("model '{}' {} was removed", name,
                      version.empty() ? "with all versions" : version));
  return {};
}

}  // namespace plinth
