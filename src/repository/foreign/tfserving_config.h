// TF Serving's configuration files, in our terms: which models there are, how they are batched and
// where their metrics are.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/config.h"
#include "repository/foreign/notes.h"
#include "repository/foreign/version_policy.h"
#include "repository/model_folder.h"

namespace plinth {

struct TfServingModel {
  std::string name;
  std::string base_path;
  VersionPolicy versions;
  std::map<std::string, std::int64_t> labels;  // "stable" -> 3
  std::string origin;  // "models.config:12"; empty if it was not read from a file

  bool operator==(const TfServingModel&) const = default;
};

// What is to be served: a new one replaces all of the one before.
struct TfServingConfig {
  std::vector<TfServingModel> models;  // no two of one name
  std::vector<std::string> warnings;

  bool operator==(const TfServingConfig&) const = default;
};

// Reads `--model_config_file`. INVALID_ARGUMENT: "FILE:LINE:COLUMN: ...".
Result<TfServingConfig> ParseTfServingConfig(std::string_view text, const std::string& file);
Result<TfServingConfig> ReadTfServingConfig(const std::string& file);

// INVALID_ARGUMENT for a model without a name or a base path, or two of one name.
Status CheckTfServingConfig(const TfServingConfig& config);

// What --batching_parameters_file sets; without a file what TF Serving's batching has by default.
struct TfServingBatching {
  ModelConfig config;
  ValueOrigins origins;
  std::vector<std::string> warnings;
};
Result<TfServingBatching> ReadTfServingBatching(const std::string& file);
TfServingBatching DefaultTfServingBatching();

// Reads --monitoring_config_file: the path at which Prometheus finds the metrics; empty if they are
// not asked for.
Result<std::string> ReadTfServingMonitoring(const std::string& file);

}  // namespace plinth
