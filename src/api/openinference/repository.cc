#include "api/openinference/repository.h"

#include <algorithm>
#include <future>
#include <new>
#include <set>
#include <utility>

#include "api/http/names.h"
#include "api/openinference/errors.h"
#include "api/openinference/repository_config.h"
#include "base/log.h"
#include "repository/foreign/triton_json.h"

namespace plinth::api::openinference {
namespace {

// Loads, unloads and looks that wait; each may hold a body.
constexpr std::size_t kMostWaiting = 64;
constexpr std::size_t kThreads = 8;
// Models that are remembered after they were unloaded.
constexpr std::size_t kMostKept = 1024;

IndexEntry EntryOf(const VersionInfo& version) {
  IndexEntry entry{.name = version.name, .version = version.version};
  switch (version.state) {
    case VersionState::kLoading:
    case VersionState::kWarming:
      entry.state = "LOADING";
      break;
    case VersionState::kReady:
    case VersionState::kUnloaded:  // is loaded when the first request comes
      entry.state = "READY";
      break;
    case VersionState::kDraining:
      entry.state = "UNLOADING";
      break;
    case VersionState::kFailed:
      entry.state = "UNAVAILABLE";
      entry.reason = version.error;
      break;
  }
  return entry;
}

bool LiesIn(const std::string& path, const std::string& folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

}  // namespace

// One model's versions on their way.
struct Repository::Loading {
  std::string model;
  std::set<std::string> only;  // what the model is to have afterwards; empty: whatever it has
  std::string upload;          // the folder of its files, if they came with the request
  bool overrides = false;      // what lies in the repository
  Done done;
  std::mutex mutex;  // guards what follows
  std::size_t missing = 0;
  std::string failures;
};

Repository::Repository(Service& service, RepositoryOptions options)
    : service_(service),
      options_(std::move(options)),
      uploads_(options_.upload_root),
      worker_("plinth-repo", kThreads) {
  // What an earlier process was given and nobody serves any more.
  worker_.Post([this] { Sweep(""); });
}

Repository::~Repository() = default;

Status Repository::Post(std::move_only_function<void()> task) {
  if (waiting_.fetch_add(1) >= kMostWaiting) {
    waiting_.fetch_sub(1);
    return Fail(Code::kUnavailable, "too many loads wait already; try again later");
  }
  worker_.Post([this, task = std::move(task)]() mutable {
    task();
    task = nullptr;
    waiting_.fetch_sub(1);
  });
  return {};
}

// ---- What there is

void Repository::Index(bool only_ready, IndexDone done) {
  const auto shared = std::make_shared<IndexDone>(std::move(done));
  auto posted = Post([this, only_ready, shared] {
    try {
      (*shared)(IndexNow(only_ready));
    } catch (const std::bad_alloc&) {
      (*shared)(Fail(Code::kOutOfMemory, "the index does not fit into memory"));
    }
  });
  if (!posted) (*shared)(Fail(std::move(posted.error())));
}

std::vector<IndexEntry> Repository::IndexNow(bool only_ready) const {
  std::vector<IndexEntry> entries;
  std::set<std::string> names;
  for (const ModelInfo& model : service_.List()) {
    names.insert(model.name);
    for (const VersionInfo& version : model.versions) entries.push_back(EntryOf(version));
  }
  if (only_ready) {
    std::erase_if(entries, [](const IndexEntry& entry) { return entry.state != "READY"; });
    return entries;
  }
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, specs] : kept_) {
      if (!names.insert(name).second) continue;
      for (const DeploySpec& spec : specs)
        entries.push_back({name, spec.version, "UNAVAILABLE", "unloaded"});
    }
  }
  for (const FolderModel& model : InFolders()) {
    if (names.insert(model.spec.name).second) entries.push_back({.name = model.spec.name});
  }
  std::ranges::stable_sort(entries, {}, &IndexEntry::name);
  return entries;
}

std::vector<FolderModel> Repository::InFolders() const {
  std::vector<FolderModel> models;
  for (const auto& look : options_.folders) {
    auto folder = look();
    if (!folder) continue;
    std::ranges::move(folder->models, std::back_inserter(models));
  }
  return models;
}

// ---- Loading

void Repository::Load(std::string model, ReadRequest read, Done done) {
  if (auto named = CheckName("model name", model); !named) return done(std::move(named));
  const auto shared = std::make_shared<Done>(std::move(done));
  auto posted = Post([this, model = std::move(model), read = std::move(read), shared]() mutable {
    try {
      auto request = std::exchange(read, nullptr)();
      if (!request) return (*shared)(Fail(std::move(request.error())));
      LoadNow(model, *std::move(request),
              [shared](Status status) { (*shared)(std::move(status)); });
    } catch (const std::bad_alloc&) {
      (*shared)(Fail(Code::kOutOfMemory, "the model does not fit into memory"));
    }
  });
  if (!posted) (*shared)(Fail(std::move(posted.error())));
}

// Blocks until the model is loaded, so that what is loaded at once is bounded.
void Repository::LoadNow(const std::string& model, LoadRequest request, Done done) {
  const auto loading = std::make_shared<Loading>();
  loading->model = model;
  loading->overrides = request.config || !request.files.empty();
  auto specs = request.files.empty() ? KnownSpecs(model)
                                     : UploadedSpecs(model, request.files, loading->upload);
  request.files.clear();
  Status applied;
  if (specs && request.config) {
    for (auto& [version, spec] : *specs) {
      if (applied) applied = ApplyTritonConfig(*request.config, spec);
    }
    if (!applied) applied = Fail(applied.error().Annotate("failed to load '" + model + "'"));
  }
  if (!specs || !applied) {
    EndUpload(*loading);
    return done(Fail(specs ? std::move(applied.error()) : std::move(specs.error())));
  }
  if (!loading->upload.empty() || (!loading->overrides && IsOverridden(model))) {
    for (const auto& [version, spec] : *specs) loading->only.insert(version);
  }
  loading->missing = specs->size();
  std::promise<void> ended;
  loading->done = [&ended, done = std::move(done)](Status status) mutable {
    done(std::move(status));
    ended.set_value();
  };
  for (auto& [version, spec] : *specs) {
    spec.replace = true;
    service_.Deploy(
        std::move(spec), [this, loading, name = version](const Result<VersionInfo>& loaded) {
          bool last = false;
          {
            const std::lock_guard lock(loading->mutex);
            if (!loaded) {
              loading->failures +=
                  "version " + name + " is at UNAVAILABLE state: " + loaded.error().message + ";";
            }
            last = --loading->missing == 0;
          }
          if (last) Ended(loading);
        });
  }
  ended.get_future().wait();
}

void Repository::Ended(const std::shared_ptr<Loading>& loading) {
  if (!loading->failures.empty()) {
    EndUpload(*loading);
    return loading->done(Fail(Code::kInvalidArgument, "load failed for model '" + loading->model +
                                                          "': " + loading->failures));
  }
  {
    const std::lock_guard lock(mutex_);
    kept_.erase(loading->model);
    if (!loading->overrides) {
      overridden_.erase(loading->model);
    } else if (overridden_.size() < kMostKept) {
      overridden_.insert(loading->model);
    }
  }
  RemoveOthers(loading);
}

// What came with a request takes the place of all that there was.
void Repository::RemoveOthers(const std::shared_ptr<Loading>& loading) {
  if (!loading->only.empty()) {
    for (const DeploySpec& spec : service_.Specs(loading->model)) {
      if (loading->only.contains(spec.version)) continue;
      return service_.Remove(spec.name, spec.version,
                             [this, loading](const Status&) { RemoveOthers(loading); });
    }
  }
  EndUpload(*loading);
  loading->done({});
}

// From here on what came with the request is kept only if it serves.
void Repository::EndUpload(const Loading& loading) {
  if (!loading.upload.empty()) uploads_.Release(loading.upload);
  Sweep(loading.model);
}

Result<Repository::Specs> Repository::UploadedSpecs(const std::string& model,
                                                    const std::vector<UploadedFile>& files,
                                                    std::string& folder) {
  auto put = uploads_.Put(model, files);
  if (!put) return Fail(std::move(put.error()));
  folder = *std::move(put);
  Specs specs;
  for (const UploadedFile& file : files) {
    DeploySpec& spec = specs[file.version];
    spec.name = model;
    spec.version = file.version;
    spec.path = folder + "/" + file.version;
  }
  return specs;
}

bool Repository::IsOverridden(const std::string& model) const {
  const std::lock_guard lock(mutex_);
  return overridden_.contains(model);
}

// Of each version: as a request has deployed it, else as it lies in the folders, else as it was
// before it was unloaded. What a load has overridden, or has brought, gives way to the folders.
Result<Repository::Specs> Repository::KnownSpecs(const std::string& model) const {
  Specs lying;
  std::string problem;
  for (FolderModel& found : InFolders()) {
    if (found.spec.name != model) continue;
    if (found.problem) problem = found.problem->message;
    if (!found.problem) lying.emplace(found.spec.version, std::move(found.spec));
  }
  const bool overridden = IsOverridden(model);
  Specs specs;
  for (DeploySpec& spec : service_.Specs(model)) {
    const bool gives_way = overridden || LiesIn(spec.path, uploads_.folder());
    if (spec.origin != Origin::kApi || (gives_way && !lying.empty())) continue;
    specs.emplace(spec.version, std::move(spec));
  }
  specs.merge(lying);
  {
    const std::lock_guard lock(mutex_);
    if (const auto kept = kept_.find(model); kept != kept_.end()) {
      for (const DeploySpec& spec : kept->second) specs.emplace(spec.version, spec);
    }
  }
  if (!specs.empty()) return specs;
  return Fail(Code::kInternal, "failed to load '" + model +
                                   "', failed to poll from model repository" +
                                   (problem.empty() ? "" : ": " + problem));
}

// ---- Unloading

void Repository::Unload(std::string model, Done done) {
  if (auto named = CheckName("model name", model); !named) return done(std::move(named));
  const auto shared = std::make_shared<Done>(std::move(done));
  auto posted = Post([this, model = std::move(model), shared] {
    std::vector<DeploySpec> specs = service_.Specs(model);
    std::promise<Status> removed;
    service_.Remove(model, "", [&removed](Status status) { removed.set_value(std::move(status)); });
    Status status = removed.get_future().get();
    if (!status && status.error().code == Code::kNotFound) status = {};
    if (status && !specs.empty()) {
      const std::lock_guard lock(mutex_);
      std::erase_if(
          specs, [this](const DeploySpec& spec) { return LiesIn(spec.path, uploads_.folder()); });
      if (!specs.empty() && (kept_.size() < kMostKept || kept_.contains(model)))
        kept_[model] = std::move(specs);
    }
    Sweep(model);
    (*shared)(std::move(status));
  });
  if (!posted) (*shared)(Fail(std::move(posted.error())));
}

// Removes the uploads of the model, or of all, that no version has its files in.
void Repository::Sweep(const std::string& model) {
  std::set<std::string> paths;
  for (const ModelInfo& info : service_.List()) {
    for (const DeploySpec& spec : service_.Specs(info.name)) paths.insert(spec.path);
  }
  uploads_.Sweep(model, [&paths](const std::string& folder) {
    return std::ranges::any_of(paths,
                               [&](const std::string& path) { return LiesIn(path, folder); });
  });
}

}  // namespace plinth::api::openinference
