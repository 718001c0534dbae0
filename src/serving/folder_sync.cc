#include "serving/folder_sync.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "repository/model_files.h"

namespace plinth {
namespace {

FolderWatcher::Options WatcherOptions(const FolderSync::Options& options) {
  const auto gap = std::max(options.settle, FolderSync::Interval{20});
  return {.mode = options.mode, .poll = options.poll, .gap = gap};
}

// Whether a deployment from the folder met another change of the same version. That a request has
// deployed the version is no such thing: it may stay for good.
bool MetAnother(Service& service, const FolderLedger::Key& key, const Result<VersionInfo>& result) {
  if (result || result.error().code != Code::kAlreadyExists) return false;
  const auto model = service.Describe(key.model);
  if (!model) return true;
  const auto version = std::ranges::find(model->versions, key.version, &VersionInfo::version);
  return version == model->versions.end() || version->origin == Origin::kFolder;
}

// Whether a removal that failed so need not be tried again: there is nothing of the folder's.
bool IsFinal(Code code) { return code == Code::kNotFound || code == Code::kFailedPrecondition; }

}  // namespace

FolderSync::FolderSync(Service& service, Options options, std::shared_ptr<const void> until_loaded)
    : service_(service),
      options_(std::move(options)),
      ledger_(std::make_shared<Ledger>(options_.settle)),
      until_loaded_(std::move(until_loaded)),
      watcher_(options_.folder, WatcherOptions(options_),
               [this](bool asked) { return Look(asked); }) {}

std::optional<FolderSync::Interval> FolderSync::Look(bool asked) {
  // What the deployments that begin below hold on to, those of the first look only.
  const auto until_loaded = std::move(until_loaded_);
  auto folder = options_.scan();
  Report(folder);
  // A folder that cannot be read, as one whose disk is not mounted, says nothing of its models.
  if (!folder) return std::nullopt;
  FolderLedger::Changes changes;
  {
    const std::lock_guard lock(ledger_->mutex);
    changes = ledger_->ledger.Update(
        *std::move(folder), FolderWatcher::Clock::now(), asked,
        [](const FolderModel& model) { return IsBeingWritten(model.spec.path); });
  }
  for (FolderModel& model : changes.deploy) Deploy(std::move(model), until_loaded);
  for (const FolderLedger::Key& key : changes.remove) {
    service_.RemoveFound(key.model, key.version,
                         [ledger = ledger_, key, ended = options_.ended](const Status& removed) {
                           ledger->Ended(key, !removed && !IsFinal(removed.error().code));
                           if (ended) ended();
                         });
  }
  return changes.unsettled ? std::optional(options_.settle) : std::nullopt;
}

void FolderSync::Deploy(FolderModel model, std::shared_ptr<const void> until_loaded) {
  FolderLedger::Key key{model.spec.name, model.spec.version};
  for (const std::string& warning : model.spec.warnings)
    LogWarning(fmt::format("model '{}' {}: {}", key.model, key.version, warning));
  service_.DeployFound(
      std::move(model),
      [&service = service_, ledger = ledger_, key = std::move(key), ended = options_.ended,
       until_loaded = std::move(until_loaded)](const Result<VersionInfo>& result) {
        ledger->Ended(key, MetAnother(service, key, result));
        if (ended) ended();
      });
}

// Each thing is said when it becomes so, not at every look.
void FolderSync::Report(const Result<ModelFolder>& folder) {
  std::set<std::string> messages;
  if (!folder) {
    messages.insert(folder.error().message + "; what was deployed from it stays");
  } else {
    for (const std::string& skipped : folder->skipped) messages.insert("skipped " + skipped);
  }
  for (const std::string& message : messages) {
    if (!reported_.contains(message)) LogWarning(message);
  }
  reported_ = std::move(messages);
}

}  // namespace plinth
