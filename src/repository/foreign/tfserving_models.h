// Models as TF Serving has them: for each a folder of versions, <base_path>/<number>/files.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/status.h"
#include "repository/foreign/tfserving_config.h"
#include "repository/model_folder.h"

namespace plinth {

// Looks; loads nothing. `batching` is what all models have.
ModelFolder ScanTfServingModels(const TfServingConfig& config, const TfServingBatching& batching);

// What is to be served now. Any thread.
class TfServingModels {
 public:
  TfServingModels(TfServingConfig config, TfServingBatching batching)
      : config_(std::make_shared<const TfServingConfig>(std::move(config))),
        batching_(std::move(batching)) {}

  std::shared_ptr<const TfServingConfig> config() const;
  // Models that are not in it are to go.
  void Replace(TfServingConfig config);

  ModelFolder Scan() const { return ScanTfServingModels(*config(), batching_); }

 private:
  mutable std::mutex mutex_;  // guards config_
  std::shared_ptr<const TfServingConfig> config_;
  const TfServingBatching batching_;
};

}  // namespace plinth
