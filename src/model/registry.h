// What is deployed. Readers see an immutable snapshot and take no lock; a deploy or a removal
// publishes a new one.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/config.h"
#include "model/model_version.h"
#include "model/signature.h"
#include "traffic/traffic_policy.h"

namespace plinth {

using TrafficPolicyPtr = std::shared_ptr<const TrafficPolicy>;

struct ModelInfo {
  std::string name;
  std::vector<VersionInfo> versions;  // oldest first, in natural order: v2 before v10
  TrafficPolicyPtr traffic{};         // nullptr: none was set
};

// NOT_FOUND, naming the versions that there are.
Error NoSuchVersion(const ModelInfo& model, std::string_view version);

// Which versions a request goes to.
struct Routed {
  VersionLease version;  // answers it
  VersionLease shadow;   // gets a copy of it; mostly none
};

// What is known of a request before it is known which version answers it.
struct RoutePreview {
  VersionLease version;      // the newest that is ready
  bool settled = true;       // it is the one that answers, since the model's traffic is not split
  std::string sticky_field;  // of the body, that ties the request to a version; empty: none
};

// The value of a request's sticky key, if it has one.
using KeyLookup = std::function<std::optional<std::string_view>(const StickyKey&)>;

class Registry {
 public:
  Registry();
  ~Registry();

  // Puts a version that is loading into the list, so that it shows and its name is taken.
  // ALREADY_EXISTS if the same name and version is there in any state but failed, unless `replace`:
  // the old one then goes on answering until Publish(). What comes from the models folder replaces
  // nothing that a request has deployed.
  Status Reserve(const std::shared_ptr<ModelVersion>& version, bool replace);

  // A loaded version is ready: it answers from now on. Returns the one that it replaces, if any,
  // for the caller to retire.
  std::shared_ptr<ModelVersion> Publish(const std::shared_ptr<ModelVersion>& version);

  // The load has failed. A version that was being replaced stays; else the failure is kept to be
  // shown.
  void Abandon(const std::shared_ptr<ModelVersion>& version);

  // Takes the version, or all if `version` is empty, out and returns what was taken, for the caller
  // to retire. NOT_FOUND.
  Result<std::vector<std::shared_ptr<ModelVersion>>> Remove(std::string_view name,
                                                            std::string_view version);

  // The version of that name, or else the one with that label; with an empty `version` the one that
  // Route() chooses for a request without a key. NOT_FOUND, UNAVAILABLE (there, but not ready).
  // Takes no lock.
  Result<VersionLease> Resolve(std::string_view name, std::string_view version) const;

  // The versions for a request that names none, by the model's traffic policy. Every call counts as
  // one request in the split. `key` is asked only if the policy is sticky. NOT_FOUND, UNAVAILABLE.
  // Takes no lock.
  Result<Routed> Route(std::string_view name, const KeyLookup& key) const;

  // What can be known before Route(): counts as no request. NOT_FOUND, UNAVAILABLE. Takes no lock.
  Result<RoutePreview> Preview(std::string_view name) const;

  // From now on, and until the model's last version goes, its traffic is shared by this policy,
  // also that of versions still to come. nullptr: the newest ready version answers.
  void SetTraffic(const std::string& name, TrafficPolicyPtr policy);

  // The policy that was set, or nullptr.
  TrafficPolicyPtr Traffic(std::string_view name) const;

  // Those that answer requests now.
  std::vector<std::shared_ptr<ModelVersion>> Servable() const;

  // The version in the list, in whatever state; nullptr if there is none of that name.
  std::shared_ptr<ModelVersion> Find(std::string_view name, std::string_view version) const;

  // The resting versions that a request to `version` may go to, or with an empty `version` a
  // request that names none.
  std::vector<std::shared_ptr<ModelVersion>> Resting(std::string_view name,
                                                     std::string_view version) const;

  // Puts a resting version into the place of one that is ready, for the caller to retire; false if
  // that one is no longer in the list.
  bool Exchange(const std::shared_ptr<ModelVersion>& version,
                const std::shared_ptr<ModelVersion>& resting);

  // Whether the version is in the list, or on its way to replace one that is.
  bool Holds(const ModelVersion& version) const;

  // Another one whenever what is deployed, or how its requests are shared, has changed.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  std::vector<ModelInfo> List() const;
  Result<ModelInfo> Describe(std::string_view name) const;

 private:
  struct Snapshot;
  using SnapshotPtr = std::shared_ptr<const Snapshot>;

  template <typename Look>
  auto Retrying(std::string_view name, Look look) const;
  const Snapshot& Current() const;
  SnapshotPtr Load() const;
  void Replace(std::shared_ptr<Snapshot> next, const std::string& name);

  const std::uint64_t id_;                    // tells registries apart in the threads' caches
  std::atomic<std::uint64_t> generation_{1};  // rises with every new snapshot
  mutable std::mutex mutex_;                  // guards what follows and serialises writers
  SnapshotPtr snapshot_;
  std::map<std::string, TrafficPolicyPtr, std::less<>> policies_;  // by model
};

}  // namespace plinth
