// plinth serve --models, --model-repository, ...: where models come from without being asked for
// over the API.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "cli/tfserving_options.h"
#include "repository/model_folder.h"
#include "serving/folder_sync.h"
#include "serving/service.h"
#include "serving/tfserving_sync.h"

namespace CLI {
class App;
}

namespace plinth::cli {

struct ModelOptions {
  std::string models;
  std::string watch = "auto";
  std::int64_t settle_ms = 300;
  std::int64_t poll_ms = 2000;

  std::string repository;  // Triton's
  std::string control_mode;
  double repository_poll_s = 15;
  std::vector<std::string> load_models;

  TfServingOptions tfserving;
};

void AddModelOptions(CLI::App& app, ModelOptions& options);

// What the options come to.
struct ModelSource {
  std::vector<std::string> roots;  // where the models are
  // All that is there, whether it is to be deployed or not.
  std::function<Result<ModelFolder>()> scan;  // nullptr: nothing but what the API deploys
  // How what is deployed is kept in step with it.
  FolderSync::Options sync;
  std::optional<TfServingSource> tfserving;  // instead of `sync`
};

// Reads the files of configuration that they name.
Result<ModelSource> MakeModelSource(const ModelOptions& options);

// Deploys what a source has, and keeps in step with it.
class ModelKeeper {
 public:
  // As of FolderSync. A source without models is fine.
  void Start(Service& service, const ModelSource& source, std::shared_ptr<const void> until_loaded);
  void Stop();
  void LookNow();

  // As of TfServingSync. FAILED_PRECONDITION if models do not come as TF Serving has them. Any
  // thread.
  void Reload(TfServingConfig config, TfServingSync::Done done);

 private:
  std::mutex mutex_;  // guards what follows
  std::unique_ptr<FolderSync> folder_;
  std::unique_ptr<TfServingSync> tfserving_;
};

}  // namespace plinth::cli
