// What is counted of every model.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "telemetry/metrics.h"

namespace plinth {

// The counters of one version: kept with it, so that counting looks nothing up.
struct VersionMetrics {
  std::shared_ptr<telemetry::Counter> requests;
  std::shared_ptr<telemetry::Histogram> duration;  // seconds, from arrival to answer
  std::shared_ptr<telemetry::Histogram>
      batch_size;  // rows of an execution; shared by the model's versions
};

class ModelMetrics {
 public:
  ModelMetrics();

  VersionMetrics For(const std::string& model, const std::string& version);
  void CountError(const std::string& model, const std::string& version, Code code);

  // The model is gone: its series leave the text.
  void Forget(const std::string& model);

  std::string Render() const;

 private:
  telemetry::Family<telemetry::Counter> requests_;
  telemetry::Family<telemetry::Counter> errors_;
  telemetry::Family<telemetry::Counter> cache_hits_;
  telemetry::Family<telemetry::Histogram> duration_;
  telemetry::Family<telemetry::Histogram> batch_size_;
};

}  // namespace plinth
