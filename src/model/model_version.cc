#include "model/model_version.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <utility>

#include "base/utc_time.h"

namespace plinth {

std::string_view NameOf(VersionState state) {
  constexpr std::array<std::string_view, 6> kNames = {"loading",  "warming",  "ready",
                                                      "draining", "unloaded", "failed"};
  return kNames[static_cast<std::size_t>(state)];
}

// ---- VersionLease

VersionLease::VersionLease(const VersionLease& other) : version_(other.version_) {
  if (version_ != nullptr) version_->AddUse();
}

VersionLease& VersionLease::operator=(VersionLease other) noexcept {
  version_.swap(other.version_);
  return *this;
}

VersionLease::~VersionLease() {
  if (version_ != nullptr) version_->DropUse();
}

// ---- ModelVersion

ModelVersion::ModelVersion(DeploySpec spec, Disposer disposer)
    : spec_(std::move(spec)), config_(spec_.config), disposer_(std::move(disposer)) {
  info_.name = spec_.name;
  info_.version = spec_.version;
  info_.framework = spec_.framework;
  info_.engine = spec_.engine;
  info_.path = spec_.path;
  info_.origin = spec_.origin;
  info_.config = spec_.config;
  info_.triton = spec_.triton;
  info_.warnings = spec_.warnings;
}

ModelVersion::~ModelVersion() = default;

VersionInfo ModelVersion::Info() const {
  const std::lock_guard lock(info_mutex_);
  VersionInfo info = info_;
  info.state = state();
  return info;
}

void ModelVersion::SetState(VersionState state) { state_.store(state, std::memory_order_release); }

Status ModelVersion::Load(Backend& backend, std::string_view framework, const std::string& path) {
  const auto start = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock(info_mutex_);
    info_.framework = framework;
    info_.engine = backend.name();
    info_.path = path;
  }
  auto ready = LoadCopies(backend, path);
  if (ready) {
    SetState(VersionState::kWarming);
    ready = WarmCopies();
  }
  if (!ready) {
    copies_.clear();
    Fail(ready.error());
    return ready;
  }
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  const std::lock_guard lock(info_mutex_);
  info_.load_ms = took.count();
  info_.signature = signature();
  info_.compiled = copies_.front()->compiled_use();
  return {};
}

Status ModelVersion::LoadCopies(Backend& backend, const std::string& path) {
  std::int64_t wanted = 1;
  do {
    auto model = backend.Load(path, config_, name() + "/" + version(), members_);
    if (!model) return plinth::Fail(std::move(model.error()));
    copies_.push_back(std::move(*model));
    if (copies_.back()->signature() != signature()) {
      return plinth::Fail(Code::kInvalidModel,
                          "the model's files changed while they were loaded; deploy it again");
    }
    if (!signature().concurrent) {
      wanted = std::clamp<std::int64_t>(config_.instances.max, 1, kMaxCopies);
    }
  } while (std::ssize(copies_) < wanted);
  if (wanted > 1) {
    Warn("the engine takes one call at a time on this model: its weights are in memory " +
         std::to_string(wanted) + " times, once for each instance");
  }
  return {};
}

Status ModelVersion::WarmCopies() {
  for (const auto& copy : copies_) {
    if (auto warmed = copy->Warm(); !warmed) {
      return plinth::Fail(warmed.error().Annotate("warm-up failed"));
    }
  }
  return {};
}

Status ModelVersion::Rehearse(std::span<const NamedTensor> inputs, const ModelCaller& caller) {
  const ExecuteOptions options{.caller = signature().waits ? &caller : nullptr};
  for (const auto& copy : copies_) {
    if (auto ran = copy->Execute(inputs, {}, nullptr, options); !ran) {
      return plinth::Fail(ran.error());
    }
  }
  return {};
}

void ModelVersion::Open() {
  assert(!copies_.empty());
  SetState(VersionState::kReady);
  uses_.store(1, std::memory_order_release);  // the version's own use, which Retire() drops
}

void ModelVersion::Rest(const VersionInfo& known) {
  {
    const std::lock_guard lock(info_mutex_);
    info_ = known;
  }
  SetState(VersionState::kUnloaded);
}

void ModelVersion::SetMemoryBytes(std::size_t bytes) {
  const std::lock_guard lock(info_mutex_);
  info_.memory_bytes = bytes;
}

void ModelVersion::Fail(const Error& error) {
  {
    const std::lock_guard lock(info_mutex_);
    info_.error = error.message;
  }
  SetState(VersionState::kFailed);
}

void ModelVersion::SetConfig(ModelConfig config) {
  config_ = std::move(config);
  const std::lock_guard lock(info_mutex_);
  info_.config = config_;
}

void ModelVersion::NoteFailedReload(std::string why) {
  const std::lock_guard lock(info_mutex_);
  info_.failed_reload = {NowMs(), std::move(why)};
}

void ModelVersion::Warn(std::string warning) {
  const std::lock_guard lock(info_mutex_);
  info_.warnings.push_back(std::move(warning));
}

void ModelVersion::SetInstances(const InstanceLimits& instances) {
  const std::lock_guard lock(info_mutex_);
  info_.config.instances = instances;
}

std::optional<VersionLease> ModelVersion::TryAcquire() {
  std::uint64_t uses = uses_.load(std::memory_order_relaxed);
  do {
    if ((uses & kClosed) != 0) return std::nullopt;
  } while (!uses_.compare_exchange_weak(uses, uses + 1, std::memory_order_acquire,
                                        std::memory_order_relaxed));
  return VersionLease(shared_from_this());
}

VersionLease ModelVersion::Share() {
  AddUse();
  return VersionLease(shared_from_this());
}

void ModelVersion::Retire() {
  // Closing and dropping the own use need not be one step: the count cannot reach zero in between.
  const std::uint64_t before = uses_.fetch_or(kClosed, std::memory_order_acq_rel);
  if ((before & kClosed) != 0) return;  // never opened, or retired already
  SetState(VersionState::kDraining);
  DropUse();
}

void ModelVersion::DropUse() {
  if (uses_.fetch_sub(1, std::memory_order_acq_rel) != (kClosed | 1)) return;
  SetState(VersionState::kUnloaded);
  for (auto& copy : copies_) disposer_(std::move(copy));
}

Result<std::vector<NamedTensor>> ModelVersion::Execute(std::span<const NamedTensor> inputs,
                                                       std::span<const std::uint32_t> wanted,
                                                       const ExecuteOptions& options) {
  assert(options.copy < copies_.size());
  auto lease = std::make_shared<const VersionLease>(Share());
  return copies_[options.copy]->Execute(inputs, wanted, lease, options);
}

}  // namespace plinth
