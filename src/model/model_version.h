// One version of one model, from its load to its unload.
//
//   loading -> warming -> ready -> draining -> unloaded
//        \________\-> failed (the reason is kept)
//
// A version is used through a VersionLease. While leases exist the backend's model stays loaded; Retire() lets no new lease in and the
// last one to go unloads it. So the unload happens exactly once, never under a running call, and needs no lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/backend.h"
#include "model/config.h"
#include "model/signature.h"
#include "tensor/tensor.h"

namespace plinth {

enum class VersionState { kLoading, kWarming, kReady, kDraining, kUnloaded, kFailed };

std::string_view NameOf(VersionState state);  // "loading", ...

// What to deploy. Empty framework and engine: detected from the files.
struct DeploySpec {
  std::string name;
  std::string version = "v1";
  std::string framework;
  std::string engine;
  std::string path;
  ModelConfig config;
  bool replace = false;
};

// What is shown of a version: a copy, safe to keep.
struct VersionInfo {
  std::string name;
  std::string version;
  std::string framework;
  std::string engine;
  std::string path;
  VersionState state = VersionState::kLoading;
  std::string error;     // why it failed
  double load_ms = 0;    // from the start of the load to ready
  ModelConfig config;    // effective
  Signature signature;   // empty until loaded
  std::vector<std::string> warnings;
};

class ModelVersion;

// The right to use a ready version. Copyable; each copy counts.
class VersionLease {
 public:
  VersionLease() = default;
  VersionLease(const VersionLease& other);
  VersionLease(VersionLease&& other) noexcept = default;
  VersionLease& operator=(VersionLease other) noexcept;
  ~VersionLease();

  explicit operator bool() const { return version_ != nullptr; }
  ModelVersion* operator->() const { return version_.get(); }
  ModelVersion& operator*() const { return *version_; }

 private:
  friend class ModelVersion;
  explicit VersionLease(std::shared_ptr<ModelVersion> version) : version_(std::move(version)) {}

  std::shared_ptr<ModelVersion> version_;
};

class ModelVersion : public std::enable_shared_from_this<ModelVersion> {
 public:
  explicit ModelVersion(DeploySpec spec);
  ~ModelVersion();

  const std::string& name() const { return spec_.name; }
  const std::string& version() const { return spec_.version; }
  const ModelConfig& config() const { return spec_.config; }
  const DeploySpec& spec() const { return spec_; }
  VersionState state() const { return state_.load(std::memory_order_acquire); }
  VersionInfo Info() const;

  // Loads and warms on the calling thread; takes as long as it takes. Afterwards the state is ready or failed.
  // `warnings` are shown with the version.
  Status Load(std::shared_ptr<Backend> backend, std::string framework,
              std::vector<std::string> warnings);

  // The load could not even begin: the state becomes failed.
  void Fail(const Error& error);

  // A lease if the version is ready.
  std::optional<VersionLease> TryAcquire();

  // No new leases; unloads when the last one is gone, perhaps within this call.
  void Retire();

  // Requires a lease or a load in progress.
  const Signature& signature() const { return model_->signature(); }

  // Runs the model on the calling thread. The outputs share the backend's memory and keep a lease themselves. `wanted` are
  // indices into signature().outputs, rising; empty: all. Requires a lease; not concurrently unless the signature allows it.
  Result<std::vector<NamedTensor>> Execute(std::span<const NamedTensor> inputs,
                                           std::span<const std::uint32_t> wanted);

 private:
  friend class VersionLease;
  // The high bit of uses_ says that no new lease is given; the rest counts leases.
  static constexpr std::uint64_t kClosed = std::uint64_t{1} << 63;

  void AddUse() { uses_.fetch_add(1, std::memory_order_relaxed); }
  void DropUse();
  void Unload();

  DeploySpec spec_;
  std::unique_ptr<LoadedModel> model_;
  std::atomic<VersionState> state_{VersionState::kLoading};
  std::atomic<std::uint64_t> uses_{kClosed};

  mutable std::mutex info_mutex_;  // guards what follows
  VersionInfo info_;
};

}  // namespace plinth
