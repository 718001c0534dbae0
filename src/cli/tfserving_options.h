// plinth serve --model_base_path, --model_config_file, ...: the options of TF Serving's
// tensorflow_model_server, as it spells them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "net/http.h"
#include "repository/foreign/tfserving_models.h"
#include "serving/tfserving_sync.h"

namespace CLI {
class App;
}

namespace plinth::cli {

struct TfServingOptions {
  std::string model_name = "default";
  std::string base_path;
  std::string config_file;
  std::int64_t config_poll_s = 0;
  std::int64_t poll_s = 1;
  bool enable_batching = false;
  std::string batching_file;
  std::string monitoring_file;
};

void AddTfServingOptions(CLI::App& app, TfServingOptions& options);

// What the options come to.
struct TfServingSource {
  std::shared_ptr<TfServingModels> models;
  TfServingSync::Options sync;
  std::vector<std::string> roots;  // the models' folders
  std::vector<std::string> warnings;
};

// Reads the files that they name. Nothing if no model is asked for so.
Result<std::optional<TfServingSource>> MakeTfServingSource(const TfServingOptions& options);

// `handler`, with its /metrics also at the path that --monitoring_config_file says.
Result<net::HttpHandler> WithMetricsPath(const TfServingOptions& options, net::HttpHandler handler);

}  // namespace plinth::cli
