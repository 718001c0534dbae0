// One version of one model, from its load to its unload.
//
//   loading -> warming -> ready -> draining -> unloaded
//        \________\-> failed (the reason is kept)
//
// A version may also rest: be unloaded from the start, until a request asks for it. Its place is
// then taken by a version that is loaded, and back.
//
// A version is used through a VersionLease. While leases exist the backend's model stays loaded;
// Retire() lets no new lease in and the last one to go unloads it. So the unload happens exactly
// once, never under a running call, and needs no lock.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
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
#include "model/load_demands.h"
#include "model/signature.h"
#include "tensor/tensor.h"

namespace plinth {

struct TritonDescription;  // model/triton_description.h

enum class VersionState { kLoading, kWarming, kReady, kDraining, kUnloaded, kFailed };

std::string_view NameOf(VersionState state);  // "loading", ...

// Who asked for a version: its truth is the state that the API changes, or the folder that is
// watched.
enum class Origin { kApi, kFolder };

// What to deploy. Empty framework and engine: detected from the files.
struct DeploySpec {
  std::string name;
  std::string version = "v1";
  std::string framework;
  std::string engine;
  std::string path;
  ModelConfig config;
  bool replace = false;
  Origin origin = Origin::kApi;
  std::shared_ptr<const LoadDemands> demands;       // nullptr: none
  std::shared_ptr<const TritonDescription> triton;  // nullptr: there is no config.pbtxt
  std::vector<std::string> warnings;                // shown with the version
};

// Why the last attempt to put other files in a version's place came to nothing.
struct FailedReload {
  std::int64_t time_ms = 0;  // since 1970
  std::string message;
};

// What is shown of a version: a copy, safe to keep.
struct VersionInfo {
  std::string name;
  std::string version;
  std::string framework;
  std::string engine;
  std::string path;
  VersionState state = VersionState::kLoading;
  std::string error;  // why it failed
  Origin origin = Origin::kApi;
  double load_ms = 0;                               // from the start of the load to ready
  ModelConfig config;                               // effective
  Signature signature;                              // empty until loaded
  std::shared_ptr<const TritonDescription> triton;  // as deployed
  // What its load had of the compiled-model cache.
  CompiledUse compiled = CompiledUse::kNone;
  std::vector<std::string> warnings;
  std::optional<FailedReload> failed_reload;  // since this version was loaded
  std::size_t memory_bytes = 0;               // that its load took, roughly; 0: not known
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
  // What a higher layer keeps with a version (its queue, its metrics): set before the version is
  // published, never changed after.
  struct Attachment {
    virtual ~Attachment() = default;
  };
  // Takes a loaded model to be freed, once for each copy. The last lease may go on an I/O thread,
  // where an unload, which may take long, must not run.
  using Disposer = std::function<void(std::unique_ptr<LoadedModel>)>;

  ModelVersion(DeploySpec spec, Disposer disposer);
  ~ModelVersion();

  const std::string& name() const { return spec_.name; }
  const std::string& version() const { return spec_.version; }
  const ModelConfig& config() const { return config_; }
  // As it was asked for.
  const DeploySpec& spec() const { return spec_; }
  VersionState state() const { return state_.load(std::memory_order_acquire); }
  VersionInfo Info() const;

  // The effective configuration, where it is more than what was asked for. Before Load() only.
  void SetConfig(ModelConfig config);

  // Loads and warms on the calling thread; takes as long as it takes. The state is then still
  // warming: Open() makes it ready. On failure it is failed. `path` is where the files really are.
  // Where the backend takes one call at a time on a model, it is loaded config().instances.max
  // times, at most kMaxCopies.
  Status Load(Backend& backend, std::string_view framework, const std::string& path);

  // Executes once on every copy, for what is done best before the first request comes. After
  // Load(), before Open(). `caller` is for its calls of other models.
  Status Rehearse(std::span<const NamedTensor> inputs, const ModelCaller& caller);

  // Lets leases in: the state becomes ready. Requires a successful Load().
  void Open();

  // Instead of Load(): the version is there, unloaded, and takes no leases. `known` is what was
  // known of it when it was loaded last.
  void Rest(const VersionInfo& known);
  bool resting() const { return state() == VersionState::kUnloaded; }

  // Whether nobody holds a lease.
  bool idle() const { return uses_.load(std::memory_order_relaxed) == 1; }

  // The version will not be: the state becomes failed and the reason is kept.
  void Fail(const Error& error);

  // It goes on as it is, but what should have replaced it could not be loaded.
  void NoteFailedReload(std::string why);

  // Something that the user should know, shown with the version.
  void Warn(std::string warning);

  void SetMemoryBytes(std::size_t bytes);

  // How many instances were chosen, shown in the effective configuration.
  void SetInstances(const InstanceLimits& instances);

  // Once, while the version is loading. Any thread may ask for it, as one does that removes the
  // version meanwhile.
  void Attach(std::unique_ptr<Attachment> attachment) {
    owned_attachment_ = std::move(attachment);
    attachment_.store(owned_attachment_.get(), std::memory_order_release);
  }
  Attachment* attachment() const { return attachment_.load(std::memory_order_acquire); }

  // A lease if the version is ready. Takes no lock.
  std::optional<VersionLease> TryAcquire();

  // One more lease. Requires one.
  VersionLease Share();

  // No new leases; unloads when the last one is gone, perhaps within this call.
  void Retire();

  // Requires a lease or a load in progress.
  const Signature& signature() const { return copies_.front()->signature(); }

  // Of the model, nullptr if only Execute() runs it. Requires what signature() requires.
  AsyncModel* async() const { return copies_.front()->async(); }

  // The deployed models that its load has looked up, also where it failed. After Load().
  const Members& members() const { return members_; }

  // How often the model is loaded: once if the signature allows concurrent calls. Requires what
  // signature() requires.
  std::size_t copies() const { return copies_.size(); }
  static constexpr std::int64_t kMaxCopies = 64;

  // Runs the model on the calling thread. The outputs share the backend's memory and keep a lease
  // themselves. `wanted` are indices into signature().outputs, rising; empty: all. Requires a
  // lease; not concurrently on one copy unless the signature allows it.
  Result<std::vector<NamedTensor>> Execute(std::span<const NamedTensor> inputs,
                                           std::span<const std::uint32_t> wanted,
                                           const ExecuteOptions& options = {});

 private:
  friend class VersionLease;
  // The high bit of uses_ says that no new lease is given; the rest counts leases.
  static constexpr std::uint64_t kClosed = std::uint64_t{1} << 63;

  void AddUse() { uses_.fetch_add(1, std::memory_order_relaxed); }
  void DropUse();
  void SetState(VersionState state);
  Status LoadCopies(Backend& backend, const std::string& path);
  Status WarmCopies();

  const DeploySpec spec_;
  ModelConfig config_;
  const Disposer disposer_;
  std::vector<std::unique_ptr<LoadedModel>> copies_;  // all of one signature
  Members members_;
  std::unique_ptr<Attachment> owned_attachment_;
  std::atomic<Attachment*> attachment_ = nullptr;
  std::atomic<VersionState> state_{VersionState::kLoading};
  std::atomic<std::uint64_t> uses_{kClosed};

  mutable std::mutex info_mutex_;  // guards what follows
  VersionInfo info_;
};

}  // namespace plinth
