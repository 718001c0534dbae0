#include "model/model_version.h"

#include <array>
#include <cassert>
#include <chrono>
#include <utility>

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
    : spec_(std::move(spec)), disposer_(std::move(disposer)) {
  info_.name = spec_.name;
  info_.version = spec_.version;
  info_.framework = spec_.framework;
  info_.engine = spec_.engine;
  info_.path = spec_.path;
  info_.config = spec_.config;
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
  auto model = backend.Load(path, spec_.config);
  if (!model) {
    Fail(model.error());
    return plinth::Fail(std::move(model.error()));
  }
  model_ = std::move(*model);
  SetState(VersionState::kWarming);
  if (auto warmed = model_->Warm(); !warmed) {
    model_.reset();
    const Error error = warmed.error().Annotate("warm-up failed");
    Fail(error);
    return plinth::Fail(error);
  }
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  const std::lock_guard lock(info_mutex_);
  info_.load_ms = took.count();
  info_.signature = model_->signature();
  return {};
}

void ModelVersion::Open() {
  assert(model_ != nullptr);
  SetState(VersionState::kReady);
  uses_.store(1, std::memory_order_release);  // the version's own use, which Retire() drops
}

void ModelVersion::Fail(const Error& error) {
  {
    const std::lock_guard lock(info_mutex_);
    info_.error = error.message;
  }
  SetState(VersionState::kFailed);
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
  disposer_(std::move(model_));
}

Result<std::vector<NamedTensor>> ModelVersion::Execute(std::span<const NamedTensor> inputs,
                                                       std::span<const std::uint32_t> wanted) {
  AddUse();
  auto lease = std::make_shared<const VersionLease>(VersionLease(shared_from_this()));
  return model_->Execute(inputs, wanted, lease);
}

}  // namespace plinth
