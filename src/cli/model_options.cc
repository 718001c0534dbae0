#include "cli/model_options.h"

#include <algorithm>
#include <utility>

#include <CLI/CLI.hpp>

#include "base/log.h"
#include "repository/foreign/triton_repository.h"

namespace plinth::cli {
namespace {

using Mode = FolderWatcher::Mode;

constexpr const char* kGroup = "Models";
constexpr const char* kTritonGroup = "Models as Triton and MLServer have them";

// Of what is there only the models of these names, or all of them if "*" is one.
std::function<Result<ModelFolder>()> Only(std::function<Result<ModelFolder>()> scan,
                                          std::vector<std::string> names) {
  if (std::ranges::find(names, "*") != names.end()) return scan;
  return [scan = std::move(scan), names = std::move(names)] {
    auto folder = scan();
    if (folder) {
      std::erase_if(folder->models, [&](const FolderModel& model) {
        return std::ranges::find(names, model.spec.name) == names.end();
      });
    }
    return folder;
  };
}

FolderSync::Options SyncOf(const ModelOptions& options) {
  const Mode mode = options.watch == "off"    ? Mode::kOff
                    : options.watch == "poll" ? Mode::kPoll
                                              : Mode::kAuto;
  return {.folder = {},
          .scan = {},
          .mode = mode,
          .settle = FolderSync::Interval{options.settle_ms},
          .poll = FolderSync::Interval{options.poll_ms}};
}

void ApplyControlMode(const ModelOptions& options, FolderSync::Options& sync) {
  if (options.control_mode == "poll") {
    sync.mode = Mode::kPoll;
    sync.poll = FolderSync::Interval{static_cast<std::int64_t>(options.repository_poll_s * 1000)};
  } else if (!options.control_mode.empty()) {
    sync.mode = Mode::kOff;
  }
  if (options.control_mode == "explicit")
    sync.scan = Only(std::move(sync.scan), options.load_models);
}

}  // namespace

void AddModelOptions(CLI::App& app, ModelOptions& options) {
  auto* const models = app.add_option(
      "--models", options.models,
      "Folder of models to serve as they come, change and go: <name>/<version>/files, "
      "<name>/files or files");
  models->group(kGroup);
  app.add_option("--watch", options.watch,
                 "How changes are noticed: auto (by the kernel, else as poll), poll, or off (on "
                 "SIGHUP only)")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "poll", "off"}))
      ->group(kGroup);
  app.add_option("--watch-settle-ms", options.settle_ms,
                 "For how long a model's files must be unchanged before they are loaded")
      ->capture_default_str()
      ->check(CLI::Range(0, 3'600'000))
      ->group(kGroup);
  app.add_option("--watch-poll-ms", options.poll_ms, "How often poll looks")
      ->capture_default_str()
      ->check(CLI::Range(10, 3'600'000))
      ->group(kGroup);

  auto* const repository =
      app.add_option("--model-repository,--model-store", options.repository,
                     "Folder of models to serve, laid out as for Triton (<name>/config.pbtxt, "
                     "<name>/<number>/files) or MLServer (model-settings.json)");
  repository->excludes(models)->group(kTritonGroup);
  auto* const mode =
      app.add_option("--model-control-mode", options.control_mode,
                     "none (look once), poll, or explicit (only what is asked for is loaded) "
                     "[as --watch says]")
          ->check(CLI::IsMember({"none", "poll", "explicit"}))
          ->needs(repository)
          ->group(kTritonGroup);
  app.add_option("--repository-poll-secs", options.repository_poll_s, "How often poll looks")
      ->capture_default_str()
      ->check(CLI::Range(0.01, 86'400.0))
      ->needs(mode)
      ->group(kTritonGroup);
  app.add_option("--load-model", options.load_models,
                 "A model to load at the start with explicit, or * for all (may be repeated)")
      ->needs(mode)
      ->group(kTritonGroup);

  AddTfServingOptions(app, options.tfserving);
  for (const char* name : {"--model_base_path", "--model_config_file"}) {
    auto* const option = app.get_option(name);
    option->excludes(models);
    option->excludes(repository);
  }
}

Result<ModelSource> MakeModelSource(const ModelOptions& options) {
  ModelSource source;
  source.sync = SyncOf(options);
  auto tfserving = MakeTfServingSource(options.tfserving);
  if (!tfserving) return Fail(std::move(tfserving.error()));
  if (*tfserving) {
    source.roots = (*tfserving)->roots;
    source.scan = [models = (*tfserving)->models] { return models->Scan(); };
    source.tfserving = *std::move(tfserving);
    return source;
  }
  if (!options.repository.empty()) {
    source.scan = [dir = options.repository] { return ScanModelRepository(dir); };
  } else if (!options.models.empty()) {
    source.scan = [dir = options.models] { return ScanModelFolder(dir); };
  } else {
    return source;
  }
  source.roots = {options.repository.empty() ? options.models : options.repository};
  source.sync.folder = source.roots.front();
  source.sync.scan = source.scan;
  ApplyControlMode(options, source.sync);
  return source;
}

void ModelKeeper::Start(Service& service, const ModelSource& source,
                        std::shared_ptr<const void> until_loaded) {
  const std::lock_guard lock(mutex_);
  if (source.tfserving) {
    for (const std::string& warning : source.tfserving->warnings) LogWarning(warning);
    tfserving_ = std::make_unique<TfServingSync>(service, source.tfserving->models,
                                                 source.tfserving->sync, std::move(until_loaded));
  } else if (source.scan) {
    folder_ = std::make_unique<FolderSync>(service, source.sync, std::move(until_loaded));
  }
}

// They wait for a look that is being taken; nobody else must wait for that.
void ModelKeeper::Stop() {
  std::unique_ptr<FolderSync> folder;
  std::unique_ptr<TfServingSync> tfserving;
  const std::lock_guard lock(mutex_);
  folder.swap(folder_);
  tfserving.swap(tfserving_);
}

void ModelKeeper::LookNow() {
  const std::lock_guard lock(mutex_);
  if (folder_) folder_->LookNow();
  if (tfserving_) tfserving_->LookNow();
}

void ModelKeeper::Reload(TfServingConfig config, TfServingSync::Done done) {
  const std::lock_guard lock(mutex_);
  if (tfserving_) return tfserving_->Reload(std::move(config), std::move(done));
  done(Fail(Code::kFailedPrecondition,
            "the models are not those of a configuration; start the server with "
            "--model_config_file or --model_base_path"));
}

}  // namespace plinth::cli
