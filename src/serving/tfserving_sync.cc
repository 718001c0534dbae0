#include "serving/tfserving_sync.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/log.h"

namespace plinth {
namespace {

using Labels = std::map<std::string, std::string, std::less<>>;

// TF Serving gives labels only to versions that are available.
Labels LabelsOf(const TfServingModel& model, const ModelInfo& info) {
  Labels labels;
  for (const auto& [label, number] : model.labels) {
    const std::string version = std::to_string(number);
    const auto found = std::ranges::find(info.versions, version, &VersionInfo::version);
    if (found != info.versions.end() && found->state == VersionState::kReady)
      labels[label] = version;
  }
  return labels;
}

}  // namespace

class TfServingSync::Progress {
 public:
  Progress(Service& service, std::shared_ptr<TfServingModels> models)
      : service_(service), models_(std::move(models)) {}

  void Await(Done done) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(done));
  }

  // Something was deployed or removed, or is about to be.
  void Changed() {
    const auto config = models_->config();
    for (const TfServingModel& model : config->models) SetLabels(model);
    if (!IsAwaited()) return;
    if (const auto outcome = OutcomeOf(*config)) Answer(*outcome);
  }

  void Answer(const Status& outcome) {
    std::vector<Done> waiting;
    {
      const std::lock_guard lock(mutex_);
      waiting.swap(waiting_);
    }
    for (Done& done : waiting) done(outcome);
  }

 private:
  bool IsAwaited() {
    const std::lock_guard lock(mutex_);
    return !waiting_.empty();
  }

  void SetLabels(const TfServingModel& model) {
    const auto info = service_.Describe(model.name);
    if (model.labels.empty() || !info) return;
    Labels labels = LabelsOf(model, *info);
    if (info->traffic != nullptr ? info->traffic->labels == labels : labels.empty()) return;
    ReleaseChange change;
    change.labels = std::move(labels);
    service_.SetTraffic(
        model.name, std::move(change), [name = model.name](const Result<TrafficPolicy>& set) {
          if (set) return;
          LogWarning(
              fmt::format("the labels of model '{}' were not set: {}", name, set.error().message));
        });
  }

  // Nothing while it is open what becomes of a model.
  std::optional<Status> OutcomeOf(const TfServingConfig& config) const {
    const ModelFolder there = models_->Scan();
    std::optional<Status> worst = Status();
    for (const TfServingModel& model : config.models) {
      const auto outcome = OutcomeOf(model, there);
      if (!outcome) return std::nullopt;
      if (*worst && !*outcome) worst = outcome;
    }
    return worst;
  }

  std::optional<Status> OutcomeOf(const TfServingModel& model, const ModelFolder& there) const {
    const auto info = service_.Describe(model.name);
    std::optional<Status> outcome =
        Status(Fail(Code::kNotFound, fmt::format("model '{}': no versions found under base path {}",
                                                 model.name, model.base_path)));
    for (const FolderModel& version : there.models) {
      if (version.spec.name != model.name) continue;
      if (!info) return std::nullopt;
      const auto found =
          std::ranges::find(info->versions, version.spec.version, &VersionInfo::version);
      if (found == info->versions.end()) return std::nullopt;
      if (found->state == VersionState::kReady) return Status();
      if (found->state != VersionState::kFailed) return std::nullopt;
      outcome =
          Status(Fail(Code::kInvalidModel, fmt::format("model '{}' version {}: {}", model.name,
                                                       version.spec.version, found->error)));
    }
    return outcome;
  }

  Service& service_;
  const std::shared_ptr<TfServingModels> models_;
  std::mutex mutex_;  // guards waiting_
  std::vector<Done> waiting_;
};

TfServingSync::TfServingSync(Service& service, std::shared_ptr<TfServingModels> models,
                             Options options, std::shared_ptr<const void> until_loaded)
    : service_(service),
      models_(std::move(models)),
      options_(std::move(options)),
      progress_(std::make_shared<Progress>(service_, models_)),
      from_file_(*models_->config()),
      folder_(service, FolderOptions(), std::move(until_loaded)) {}

TfServingSync::~TfServingSync() {
  progress_->Answer(Fail(Code::kUnavailable, "the server is shutting down"));
}

FolderSync::Options TfServingSync::FolderOptions() {
  FolderSync::Options folders = options_.folders;
  folders.scan = [this] { return Scan(); };
  folders.ended = [progress = progress_] { progress->Changed(); };
  const Interval config_poll = options_.config_poll;
  if (config_poll.count() > 0) folders.poll = std::min(folders.poll, config_poll);
  return folders;
}

void TfServingSync::LookNow() {
  asked_.store(true);
  folder_.LookNow();
}

void TfServingSync::Reload(TfServingConfig config, Done done) {
  if (auto checked = CheckTfServingConfig(config); !checked) return done(checked);
  models_->Replace(std::move(config));
  progress_->Await(std::move(done));
  folder_.LookNow();
}

Result<ModelFolder> TfServingSync::Scan() {
  const auto now = Clock::now();
  const bool due = options_.config_poll.count() > 0 && now - file_read_ >= options_.config_poll;
  if ((asked_.exchange(false) || due) && !options_.config_file.empty()) {
    file_read_ = now;
    ReadFileAgain();
  }
  ModelFolder there = models_->Scan();
  progress_->Changed();
  return there;
}

// A file that is no configuration changes nothing.
void TfServingSync::ReadFileAgain() {
  auto config = ReadTfServingConfig(options_.config_file);
  const std::string problem = config ? "" : config.error().message;
  if (!config && problem != file_problem_) LogWarning(problem + "; what was configured stays");
  file_problem_ = problem;
  if (!config || *config == from_file_) return;
  from_file_ = *config;
  for (const TfServingModel& model : config->models) service_.AddModelRoot(model.base_path);
  for (const std::string& warning : config->warnings) LogWarning(warning);
  LogInfo(options_.config_file + " has changed");
  models_->Replace(*std::move(config));
}

}  // namespace plinth
