#include "serving/model_metrics.h"

namespace plinth {
namespace {

using telemetry::Counter;
using telemetry::Histogram;

std::shared_ptr<Counter> MakeCounter() { return std::make_shared<Counter>(); }
std::shared_ptr<Histogram> MakeLatency() {
  return std::make_shared<Histogram>(telemetry::LatencyBounds());
}
std::shared_ptr<Histogram> MakeSize() {
  return std::make_shared<Histogram>(telemetry::SizeBounds());
}

}  // namespace

ModelMetrics::ModelMetrics()
    : requests_("model_requests_total", "Predictions asked for, failed ones included.",
                {"model", "version"}, MakeCounter),
      errors_("model_errors_total", "Predictions that failed, by error code.",
              {"model", "version", "code"}, MakeCounter),
      cache_hits_("model_cache_hits_total", "Predictions answered from the cache.", {"model"},
                  MakeCounter),
      duration_("model_request_duration_seconds",
                "Time from a request's arrival to its answer, in seconds.", {"model", "version"},
                MakeLatency),
      batch_size_("model_batch_size", "Rows in one execution of the model.", {"model"}, MakeSize) {}

VersionMetrics ModelMetrics::For(const std::string& model, const std::string& version) {
  cache_hits_.At({model});  // so that the series is there from the start
  return {requests_.At({model, version}), duration_.At({model, version}), batch_size_.At({model})};
}

void ModelMetrics::CountError(const std::string& model, const std::string& version, Code code) {
  errors_.At({model, version, std::string(InfoOf(code).name)})->Add();
}

void ModelMetrics::Forget(const std::string& model) {
  requests_.Remove({model});
  errors_.Remove({model});
  cache_hits_.Remove({model});
  duration_.Remove({model});
  batch_size_.Remove({model});
}

std::string ModelMetrics::Render() const {
  std::string text;
  for (const telemetry::Metric* metric : {static_cast<const telemetry::Metric*>(&requests_),
                                          static_cast<const telemetry::Metric*>(&errors_),
                                          static_cast<const telemetry::Metric*>(&cache_hits_),
                                          static_cast<const telemetry::Metric*>(&duration_),
                                          static_cast<const telemetry::Metric*>(&batch_size_)}) {
    metric->Render(text);
  }
  return text;
}

}  // namespace plinth
