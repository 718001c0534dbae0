#include "repository/foreign/tfserving_models.h"

#include <array>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "repository/fingerprint.h"
#include "repository/foreign/folder_model.h"
#include "repository/foreign/version_policy.h"
#include "repository/model_files.h"

namespace plinth {
namespace {

namespace fs = std::filesystem;

void ScanModel(const TfServingModel& model, const TfServingBatching& batching,
               ModelFolder& folder) {
  std::error_code error;
  std::map<std::int64_t, fs::path> there;  // "0001" is version 1
  for (const fs::path& entry : SortedEntries(model.base_path, error)) {
    std::error_code ignored;
    const auto number = VersionNumber(entry.filename().native());
    if (number && fs::is_directory(entry, ignored) && FingerprintOf(entry.string()).files > 0)
      there.emplace(*number, entry);
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    folder.skipped.push_back(model.base_path + ": " + error.message());
    folder.unreadable.push_back(model.name);
    return;
  }
  std::vector<std::int64_t> numbers;
  for (const auto& [number, path] : there) numbers.push_back(number);
  numbers = ChooseVersions(model.versions, std::move(numbers));
  if (numbers.empty()) {
    folder.skipped.push_back("model '" + model.name + "': no versions found under base path " +
                             model.base_path);
  }
  for (const std::int64_t number : numbers) {
    DeploySpec spec;
    spec.name = model.name;
    spec.version = std::to_string(number);
    spec.path = there.at(number).string();
    spec.config = batching.config;
    const std::array parts = {there.at(number)};
    FolderModel found = MakeFolderModel(std::move(spec), parts);
    found.origins = batching.origins;
    if (!model.origin.empty()) found.origins["path"] = model.origin;
    folder.models.push_back(std::move(found));
  }
}

}  // namespace

ModelFolder ScanTfServingModels(const TfServingConfig& config, const TfServingBatching& batching) {
  ModelFolder folder;
  for (const TfServingModel& model : config.models) ScanModel(model, batching, folder);
  return folder;
}

std::shared_ptr<const TfServingConfig> TfServingModels::config() const {
  const std::lock_guard lock(mutex_);
  return config_;
}

void TfServingModels::Replace(TfServingConfig config) {
  auto next = std::make_shared<const TfServingConfig>(std::move(config));
  const std::lock_guard lock(mutex_);
  config_ = std::move(next);
}

}  // namespace plinth
