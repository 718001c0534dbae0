#include "cli/tfserving_options.h"

#include <utility>

#include <CLI/CLI.hpp>

#include "repository/foreign/tfserving_config.h"

namespace plinth::cli {
namespace {

constexpr const char* kGroup = "Models as TF Serving has them";

using Mode = FolderWatcher::Mode;

Result<TfServingConfig> ConfigOf(const TfServingOptions& options) {
  if (!options.config_file.empty()) return ReadTfServingConfig(options.config_file);
  TfServingConfig config;
  config.models.push_back({.name = options.model_name,
                           .base_path = options.base_path,
                           .versions = {},
                           .labels = {},
                           .origin = {}});
  if (auto checked = CheckTfServingConfig(config); !checked) return Fail(checked.error());
  return config;
}

// Without batching TF Serving runs each request by itself; ours then has its own defaults, which
// change no answer.
Result<TfServingBatching> BatchingOf(const TfServingOptions& options) {
  if (!options.batching_file.empty()) return ReadTfServingBatching(options.batching_file);
  return options.enable_batching ? DefaultTfServingBatching() : TfServingBatching{};
}

}  // namespace

void AddTfServingOptions(CLI::App& app, TfServingOptions& options) {
  auto* const path = app.add_option("--model_base_path", options.base_path,
                                    "Folder of one model's versions: <number>/files")
                         ->group(kGroup);
  app.add_option("--model_name", options.model_name, "Its name")
      ->capture_default_str()
      ->needs(path)
      ->group(kGroup);
  auto* const file =
      app.add_option("--model_config_file", options.config_file,
                     "File that says which models there are (model_config_list), their "
                     "version policies and labels")
          ->group(kGroup);
  app.add_option("--model_config_file_poll_wait_seconds", options.config_poll_s,
                 "How often it is read again; 0: on SIGHUP only")
      ->capture_default_str()
      ->check(CLI::Range(0, 86'400))
      ->needs(file)
      ->group(kGroup);
  app.add_option("--file_system_poll_wait_seconds", options.poll_s,
                 "How often the models' folders are looked at; 0: once")
      ->capture_default_str()
      ->check(CLI::Range(0, 86'400))
      ->group(kGroup);
  auto* const batching = app.add_flag("--enable_batching", options.enable_batching,
                                      "Join requests as TF Serving does; without it as Plinth does")
                             ->group(kGroup);
  app.add_option("--batching_parameters_file", options.batching_file,
                 "File that says how (max_batch_size, batch_timeout_micros, ...)")
      ->needs(batching)
      ->group(kGroup);
  app.add_option("--monitoring_config_file", options.monitoring_file,
                 "File that says at which path the metrics are (prometheus_config)")
      ->group(kGroup);
}

Result<std::optional<TfServingSource>> MakeTfServingSource(const TfServingOptions& options) {
  if (options.base_path.empty() && options.config_file.empty()) return std::nullopt;
  auto config = ConfigOf(options);
  if (!config) return Fail(std::move(config.error()));
  auto batching = BatchingOf(options);
  if (!batching) return Fail(std::move(batching.error()));
  TfServingSource source;
  source.warnings = config->warnings;
  source.warnings.insert(source.warnings.end(), batching->warnings.begin(),
                         batching->warnings.end());
  for (const TfServingModel& model : config->models) source.roots.push_back(model.base_path);
  source.models = std::make_shared<TfServingModels>(*std::move(config), *std::move(batching));
  source.sync.config_file = options.config_file;
  source.sync.config_poll = std::chrono::seconds(options.config_poll_s);
  FolderSync::Options& folders = source.sync.folders;
  folders.folder = source.roots.empty() ? options.config_file : source.roots.front();
  folders.mode = options.poll_s == 0 && options.config_poll_s == 0 ? Mode::kOff : Mode::kPoll;
  const std::int64_t seconds = options.poll_s == 0 ? options.config_poll_s : options.poll_s;
  folders.poll = std::chrono::seconds(std::max<std::int64_t>(seconds, 1));
  return source;
}

Result<net::HttpHandler> WithMetricsPath(const TfServingOptions& options,
                                         net::HttpHandler handler) {
  if (options.monitoring_file.empty()) return handler;
  auto path = ReadTfServingMonitoring(options.monitoring_file);
  if (!path) return Fail(std::move(path.error()));
  if (path->empty()) return handler;
  return [path = *std::move(path), handler = std::move(handler)](net::HttpRequest request,
                                                                 net::Responder responder) {
    if (request.path == path) request.path = "/metrics";
    handler(std::move(request), std::move(responder));
  };
}

}  // namespace plinth::cli
