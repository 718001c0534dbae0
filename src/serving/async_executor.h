// Executes the requests of a model that answers later: each begins at once and by itself, and what
// it asks other models waits in their queues, not here.
//
// At most max_queue requests are in flight.
#pragma once

#include <atomic>
#include <cstdint>

#include "model/model_version.h"
#include "serving/call_scope.h"
#include "serving/executor.h"
#include "serving/model_metrics.h"

namespace plinth {

class AsyncExecutor final : public Executor {
 public:
  // All of them outlive the executor; `version` is loaded, and async().
  AsyncExecutor(ModelVersion& version, const VersionMetrics& metrics, CallableModels& models)
      : version_(version), metrics_(metrics), models_(models) {}

  void Submit(Job job) override;
  void StopWaiting() override {}
  const InstanceLimits& instance_limits() const override { return version_.config().instances; }
  std::int64_t instances() const override { return running_.load(std::memory_order_relaxed); }
  std::int64_t queue_length() const override { return 0; }

 private:
  class Execution;

  ModelVersion& version_;
  const VersionMetrics& metrics_;
  CallableModels& models_;
  std::atomic<std::int64_t> running_{0};
};

}  // namespace plinth
