// The repository as Triton's clients see it: what there is, loading and unloading by name.
//
// A model can be loaded by its name if it is deployed, was unloaded here before, lies in one of the
// folders of models, or comes with its files. What was unloaded is remembered until the end of the
// process; files that came in a request are removed with the model.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "repository/model_folder.h"
#include "repository/upload_store.h"
#include "serving/service.h"
#include "serving/worker_pool.h"

namespace plinth::api::openinference {

struct RepositoryOptions {
  // What lies in the folders of models; reads files.
  std::vector<std::function<Result<ModelFolder>()>> folders{};
  std::string upload_root{};  // the model root to keep files of requests in; empty: none
};

struct LoadRequest {
  std::optional<std::string> config{};  // a Triton ModelConfig as JSON
  std::vector<UploadedFile> files{};    // in place of what there is
};

struct IndexEntry {
  std::string name;
  std::string version{};  // empty, with `state` and `reason`, for what was never loaded
  std::string state{};    // READY, LOADING, UNLOADING, UNAVAILABLE
  std::string reason{};
};

class Repository {
 public:
  using Done = std::move_only_function<void(Status)>;
  using IndexDone = std::move_only_function<void(Result<std::vector<IndexEntry>>)>;
  // What there is to load. It may hold whole models, and so is read where it is needed, on another
  // thread, and not by all who wait at once.
  using ReadRequest = std::move_only_function<Result<LoadRequest>()>;

  // `service` outlives it.
  Repository(Service& service, RepositoryOptions options);
  // Waits for what it has begun.
  ~Repository();

  // All of these call `done` once, from another thread or at once. UNAVAILABLE while too many of
  // them are waiting.

  // By name and version.
  void Index(bool only_ready, IndexDone done);

  // Loads all versions of the model, those that are loaded already anew. INVALID_ARGUMENT if one of
  // them fails, which leaves what served before; INTERNAL if nothing is known of the model.
  void Load(std::string model, ReadRequest read, Done done);

  // A model that is not there is unloaded already.
  void Unload(std::string model, Done done);

 private:
  struct Loading;
  using Specs = std::map<std::string, DeploySpec>;  // by version

  Status Post(std::move_only_function<void()> task);
  std::vector<IndexEntry> IndexNow(bool only_ready) const;
  void LoadNow(const std::string& model, LoadRequest request, Done done);
  Result<Specs> UploadedSpecs(const std::string& model, const std::vector<UploadedFile>& files,
                              std::string& folder);
  Result<Specs> KnownSpecs(const std::string& model) const;
  bool IsOverridden(const std::string& model) const;
  std::vector<FolderModel> InFolders() const;
  void Ended(const std::shared_ptr<Loading>& loading);
  void RemoveOthers(const std::shared_ptr<Loading>& loading);
  void EndUpload(const Loading& loading);
  void Sweep(const std::string& model);

  Service& service_;
  const RepositoryOptions options_;
  UploadStore uploads_;
  std::atomic<std::size_t> waiting_{0};

  mutable std::mutex mutex_;                             // guards what follows
  std::map<std::string, std::vector<DeploySpec>> kept_;  // what was unloaded, by model
  std::set<std::string> overridden_;  // models whose last load brought configuration or files

  WorkerPool worker_;  // the last member: its tasks use the others
};

}  // namespace plinth::api::openinference
