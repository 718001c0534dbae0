// What is deployed. Readers see an immutable snapshot and take no lock; a deploy or a removal
// publishes a new one.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/config.h"
#include "model/model_version.h"
#include "model/signature.h"

namespace plinth {

struct ModelInfo {
  std::string name;
  std::vector<VersionInfo> versions;  // oldest first, in natural order: v2 before v10
};

class Registry {
 public:
  Registry();
  ~Registry();

  // Puts a version that is loading into the list, so that it shows and its name is taken.
  // ALREADY_EXISTS if the same name and version is there in any state but failed, unless `replace`:
  // the old one then goes on answering until Publish().
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

  // The named version or the newest ready one. NOT_FOUND, UNAVAILABLE (there, but not ready). Takes
  // no lock.
  Result<VersionLease> Resolve(std::string_view name, std::string_view version) const;

  // Those that answer requests now.
  std::vector<std::shared_ptr<ModelVersion>> Servable() const;

  // The version in the list, in whatever state; nullptr if there is none of that name.
  std::shared_ptr<ModelVersion> Find(std::string_view name, std::string_view version) const;

  // Whether the version is in the list, or on its way to replace one that is.
  bool Holds(const ModelVersion& version) const;

  std::vector<ModelInfo> List() const;
  Result<ModelInfo> Describe(std::string_view name) const;

 private:
  struct Snapshot;
  using SnapshotPtr = std::shared_ptr<const Snapshot>;

  static Result<VersionLease> ResolveIn(const Snapshot& now, std::string_view name,
                                        std::string_view version);
  const Snapshot& Current() const;
  SnapshotPtr Load() const;
  void Replace(SnapshotPtr next);

  const std::uint64_t id_;                    // tells registries apart in the threads' caches
  std::atomic<std::uint64_t> generation_{1};  // rises with every new snapshot
  mutable std::mutex mutex_;                  // guards snapshot_ and serialises writers
  SnapshotPtr snapshot_;
};

}  // namespace plinth
