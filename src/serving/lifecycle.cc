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
#include "repository/model_files.h"
#include "serving/call_scope.h"
#include "serving/demands.h"
#include "serving/step_back.h"

namespace plinth {
namespace {

// Requests that may wait for one model to be loaded; each holds its body.
constexpr std::size_t kMaxWaking = 1'024;

// Of the model's files, as a first guess of the memory that it takes.
std::size_t FileBytes(const std::string& path) {
  std::size_t bytes = 0;
  WalkModelFiles(path, [&](const ModelFile& file) {
    if (file.kind == ModelFile::Kind::kFile) bytes += static_cast<std::size_t>(file.info.st_size);
    return true;
  });
  return bytes;
}

std::string Title(const std::string& model, const std::string& version) {
  return "model '" + model + "' " + version;
}

std::string Title(const ModelVersion& version) { return Title(version.name(), version.version()); }

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
      budget_(parts.registry, {.limit_bytes = parts.memory_budget,
                               .unload = [this](const VersionPtr& version) { LetRest(version); }}),
      control_("plinth-control", 1),
      loaders_("plinth-load", std::max<std::size_t>(2, std::thread::hardware_concurrency())) {}

Lifecycle::~Lifecycle() { Stop(); }

void Lifecycle::Stop() { stopping_.store(true); }

Lifecycle::VersionPtr Lifecycle::Make(DeploySpec spec) {
  // Not make_shared(): an alarm that refers to a version weakly, for as long as its longest request
  // may take, would keep its memory.
  return VersionPtr(
      new ModelVersion(std::move(spec), [host = &parts_.host](std::unique_ptr<LoadedModel> model) {
        host->Dispose(std::move(model));
      }));
}

// ---- Loading

void Lifecycle::Deploy(DeploySpec spec, Done<VersionInfo> done) {
  if (stopping_.load()) return done(ShuttingDown());
  loaders_.Post([this, spec = std::move(spec), done = std::move(done)]() mutable {
    const std::string title = Title(spec.name, spec.version);
    auto result = Guarded([&] { return DeployNow(std::move(spec), Cause::kDeploy); });
    LogOutcome(title, result);
    done(std::move(result));
  });
}

void Lifecycle::DeployListed(DeploySpec spec, std::optional<Error> problem, Cause cause,
                             Done<VersionInfo> done) {
  if (stopping_.load()) return done(ShuttingDown());
  const auto version = Make(std::move(spec));
  const auto old = parts_.registry.Find(version->name(), version->version());
  const bool serves = old != nullptr && !old->resting() && old->state() != VersionState::kFailed;
  const bool rests = version->config().lazy && !problem && !serves;
  if (rests) {
    version->Rest(version->Info());
    const bool may_replace =
        version->spec().replace && old != nullptr && old->spec().origin == version->spec().origin;
    if (may_replace && parts_.registry.Exchange(old, version)) {
      TakeOverRelease(*version, cause);
      NotePublished(version->name());
      return done(version->Info());
    }
  }
  if (auto reserved = parts_.registry.Reserve(version, version->spec().replace); !reserved) {
    LogWarning(Title(*version) + " was not deployed: " + reserved.error().message);
    return done(Fail(std::move(reserved.error())));
  }
  if (rests) {
    TakeOverRelease(*version, cause);
    NotePublished(version->name());
    return done(version->Info());
  }
  loaders_.Post([this, load = Waiting{version, cause, std::move(done), old, {}},
                 problem = std::move(problem), published = BeginListed()]() mutable {
    LoadListed(std::move(load), std::move(problem), published);
  });
}

void Lifecycle::LoadListed(Waiting load, std::optional<Error> problem,
                           std::uint64_t published_before) {
  auto plan = Guarded([&]() -> Result<DeployPlan> {
    if (problem) return Fail(*std::move(problem));
    return PlanDeployment(load.version->spec(), parts_.roots, parts_.backends);
  });
  const auto result = LoadReserved(load.version, std::move(plan), load.cause);
  // Also what does not fit the members that there are.
  const bool may_come = !load.version->members().empty() && !result &&
                        (result.error().code == Code::kFailedPrecondition ||
                         result.error().code == Code::kInvalidModel);
  if (may_come) load.error = result.error();
  if (!may_come) LogOutcome(Title(*load.version), result);
  if (!may_come && !result) NoteFailed(*load.version, result.error());
  EndListed(std::move(load), result, may_come, published_before);
}

Result<Lifecycle::VersionPtr> Lifecycle::LoadOwn(DeploySpec spec, Members& members) {
  auto plan = PlanDeployment(spec, parts_.roots, parts_.backends);
  if (!plan) return Fail(std::move(plan.error()));
  const auto version = Make(std::move(spec));
  version->SetConfig(std::move(plan->config));
  const auto loaded = version->Load(*plan->backend, plan->framework, plan->path);
  members.insert(version->members().begin(), version->members().end());
  if (!loaded) return Fail(loaded.error());
  if (auto equipped = parts_.host.Equip(*version, nullptr); !equipped) {
    return Fail(std::move(equipped.error()));
  }
  version->Open();
  return version;
}

// What cannot even be planned leaves no trace: the name may be a mistake, too.
Result<VersionInfo> Lifecycle::DeployNow(DeploySpec spec, Cause cause) {
  auto plan = PlanDeployment(spec, parts_.roots, parts_.backends);
  if (!plan) return Fail(std::move(plan.error()));
  const auto version = Make(std::move(spec));
  if (auto reserved = parts_.registry.Reserve(version, version->spec().replace); !reserved) {
    return Fail(std::move(reserved.error()));
  }
  auto ready = LoadReserved(version, std::move(plan), cause);
  if (!ready) NoteFailed(*version, ready.error());
  return ready;
}

void Lifecycle::NoteFailed(const ModelVersion& version, const Error& error) {
  AddEvent({.model = version.name(),
            .version = version.version(),
            .kind = "load_failed",
            .message = error.message});
}

Result<VersionInfo> Lifecycle::LoadReserved(const VersionPtr& version, Result<DeployPlan> plan,
                                            Cause cause) {
  auto ready = plan ? Guarded([&] { return LoadAndCommit(version, *plan, cause); })
                    : Result<VersionInfo>(Fail(std::move(plan.error())));
  if (!ready) {
    version->Fail(ready.error());
    parts_.registry.Abandon(version);
  }
  return ready;
}

Result<VersionInfo> Lifecycle::LoadAndCommit(const VersionPtr& version, DeployPlan& plan,
                                             Cause cause) {
  version->SetConfig(std::move(plan.config));
  if (auto loaded = LoadMeasured(*version, plan); !loaded) return Fail(std::move(loaded.error()));
  if (const auto& demands = version->spec().demands; demands != nullptr) {
    const CallScope scope(parts_.models, *version, {});
    if (auto met = MeetDemands(*demands, *version, scope); !met) {
      return Fail(std::move(met.error()));
    }
  }
  if (FingerprintOf(plan.source) != plan.fingerprint) {
    return Fail(Code::kInvalidModel,
                "the model's files changed while they were loaded; deploy it again");
  }
  {
    const std::lock_guard lock(files_mutex_);
    loaded_files_[{version->name(), version->version()}] = {plan.source, plan.fingerprint};
  }
  const auto old = parts_.registry.Find(version->name(), version->version());
  if (auto equipped = parts_.host.Equip(*version, old.get()); !equipped)
    return Fail(std::move(equipped.error()));
  auto ready = Commit(version, cause);
  if (ready) NotePublished(version->name());
  budget_.Enforce(*version);
  return ready;
}

// Loads beside what is there, once there is room for it.
Status Lifecycle::LoadMeasured(ModelVersion& version, const DeployPlan& plan) {
  const auto old = parts_.registry.Find(version.name(), version.version());
  const std::size_t known = old == nullptr ? 0 : old->Info().memory_bytes;
  const auto room = budget_.MakeRoom(known != 0 ? known : FileBytes(plan.path));
  if (!room) return Fail(room.error());
  const std::size_t before = ResidentBytes();
  auto loaded = SteppedBack([&] { return version.Load(*plan.backend, plan.framework, plan.path); });
  if (!loaded) return loaded;
  const std::size_t after = ResidentBytes();
  version.SetMemoryBytes(after > before ? after - before : 0);
  return {};
}

Result<VersionInfo> Lifecycle::Commit(const VersionPtr& version, Cause cause) {
  VersionPtr replaced;
  {
    const std::lock_guard lock(commit_mutex_);
    if (!parts_.registry.Holds(*version)) {
      if (parts_.registry.Find(version->name(), version->version()) == nullptr)
        parts_.host.Forget(version->name(), version->version());
      return Fail(Code::kFailedPrecondition, Title(*version) + " was removed while it was loading");
    }
    auto release = ReleaseAskedFor(*version, cause);
    if (!release) return Fail(std::move(release.error()));
    StateChange change = ForDeployment(*version, cause);
    if (*release) AddTo(change, version->name(), **release);
    if (auto written = Write(change); !written) return Fail(std::move(written.error()));
    // First the policy: a version that is to get a tenth of the requests must not get all of them
    // for a moment.
    if (*release) Publish(version->name(), **release);
    replaced = parts_.registry.Publish(version);
  }
  if (replaced != nullptr) parts_.host.Retire(*replaced);
  return version->Info();
}

// ---- Reloading

void Lifecycle::Reload(std::string name, std::string version, Done<std::vector<VersionInfo>> done) {
  if (stopping_.load()) return done(ShuttingDown());
  loaders_.Post([this, name = std::move(name), version = std::move(version),
                 done = std::move(done)]() mutable { done(ReloadModelNow(name, version)); });
}

Result<std::vector<VersionInfo>> Lifecycle::ReloadModelNow(const std::string& name,
                                                           const std::string& version) {
  const auto model = parts_.registry.Describe(name);
  if (!model) return Fail(model.error());
  std::vector<VersionInfo> reloaded;
  std::optional<Error> failure;
  bool found = false;
  for (const VersionInfo& info : model->versions) {
    if (!version.empty() && info.version != version) continue;
    found = true;
    const auto old = parts_.registry.Find(name, info.version);
    if (old == nullptr) continue;  // removed meanwhile
    auto result = Guarded([&] { return ReloadNow(*old); });
    LogOutcome(Title(*old), result);
    if (result) {
      reloaded.push_back(*std::move(result));
    } else if (!failure) {
      failure = result.error().Annotate("version '" + info.version + "' was not reloaded");
    }
  }
  if (!found) return Fail(NoSuchVersion(*model, version));
  if (failure) return Fail(*std::move(failure));
  return reloaded;
}

void Lifecycle::ReloadChanged() {
  if (stopping_.load()) return;
  loaders_.Post([this] { ReloadChangedNow(); });
}

void Lifecycle::ReloadChangedNow() {
  for (const VersionPtr& version : parts_.registry.Servable()) {
    if (version->spec().origin != Origin::kApi) continue;
    LoadedFiles loaded;
    {
      const std::lock_guard lock(files_mutex_);
      loaded = loaded_files_[{version->name(), version->version()}];
    }
    if (FingerprintOf(loaded.path) == loaded.fingerprint) continue;
    const auto result = Guarded([&] { return ReloadNow(*version); });
    LogOutcome(Title(*version), result);
  }
}

Result<VersionInfo> Lifecycle::ReloadNow(const ModelVersion& old) {
  DeploySpec spec = old.spec();
  spec.replace = true;
  return DeployNow(std::move(spec), Cause::kReload);
}

// ---- Resting

void Lifecycle::Wake(const std::string& name, const std::string& version, Done<void> done) {
  if (stopping_.load()) return done(ShuttingDown());
  {
    const std::lock_guard lock(wake_mutex_);
    auto& waiting = waking_[{name, version}];
    if (waiting.size() < kMaxWaking) {
      waiting.push_back(std::move(done));
      if (waiting.size() > 1) return;
    }
  }
  if (done) {
    return done(Fail(Code::kResourceExhausted,
                     "too many requests wait for model '" + name + "' to be loaded"));
  }
  loaders_.Post([this, name, version] {
    const Status woken = WakeNow(name, version);
    std::vector<Done<void>> waiting;
    {
      const std::lock_guard lock(wake_mutex_);
      waiting = std::move(waking_.extract({name, version}).mapped());
    }
    for (Done<void>& waiter : waiting) waiter(woken);
  });
}

Status Lifecycle::WakeNow(const std::string& name, const std::string& version) {
  for (const VersionPtr& resting : parts_.registry.Resting(name, version)) {
    DeploySpec spec = resting->spec();
    spec.replace = true;
    auto woken = Guarded([&] { return DeployNow(std::move(spec), Cause::kWake); });
    if (woken) continue;
    LogWarning(Title(*resting) + " was not loaded: " + woken.error().message);
    const bool full = woken.error().code == Code::kOutOfMemory;
    return Fail(full ? Code::kOutOfMemory : Code::kUnavailable,
                Title(*resting) + " cannot be loaded: " + woken.error().message);
  }
  return {};
}

void Lifecycle::LetRest(const VersionPtr& version) {
  const auto resting = Make(version->spec());
  resting->Rest(version->Info());
  {
    const std::lock_guard lock(commit_mutex_);
    if (!parts_.registry.Exchange(version, resting)) return;  // replaced or removed meanwhile
  }
  parts_.host.Retire(*version);
  parts_.host.AwaitDisposal();
  LogInfo(Title(*version) + " rests: its memory is needed");
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
    auto change = ForRemoval(name, version, only);
    if (!change) return Fail(std::move(change.error()));
    if (auto written = Write(*change); !written) return written;
    auto taken = parts_.registry.Remove(name, version);
    if (!taken) return Fail(std::move(taken.error()));
    removed = *std::move(taken);
    for (const VersionPtr& v : removed) parts_.host.Forget(v->name(), v->version());
    const std::lock_guard files_lock(files_mutex_);
    for (const VersionPtr& v : removed) loaded_files_.erase({v->name(), v->version()});
  }
  for (const VersionPtr& v : removed) parts_.host.Retire(*v);
  LogInfo(fmt::format("model '{}' {} was removed", name,
                      version.empty() ? "with all versions" : version));
  return {};
}

}  // namespace plinth
