// What serves the requests of one version: its answer cache, its executor, its metrics. Kept with
// the version, from its load to its unload.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "model/model_version.h"
#include "serving/alarm.h"
#include "serving/cache/response_cache.h"
#include "serving/cache_gate.h"
#include "serving/call_scope.h"
#include "serving/executor.h"
#include "serving/infer.h"
#include "serving/job.h"
#include "serving/model_metrics.h"
#include "serving/request_sample.h"
#include "serving/worker_pool.h"

namespace plinth {

class VersionServer final : public ModelVersion::Attachment {
 public:
  // `version` is loaded, and owns the server; the others outlive it.
  VersionServer(ModelVersion& version, VersionMetrics metrics, ResponseCache& cache,
                WorkerPool& pool, Alarm& alarm, CallableModels& models);

  static VersionServer& Of(ModelVersion& version) {
    return static_cast<VersionServer&>(*version.attachment());
  }

  const InstanceLimits& instance_limits() const { return executor_->instance_limits(); }

  // Answers through `done`, exactly once. The inputs have been checked and ordered; `rows` and
  // `wanted` are what CheckInputs() and CheckOutputs() said.
  void Submit(InferRequest request, std::vector<std::uint32_t> wanted, std::int64_t rows,
              InferCallback done);

  // The same for a copy of a request that another version answers: it is in no figure of requests.
  // It does not look at the cache.
  void SubmitCopy(InferRequest request, std::vector<std::uint32_t> wanted, std::int64_t rows,
                  InferCallback done);

  // When a request arrived last, or the version was loaded.
  Clock::time_point last_used() const {
    return Clock::time_point(Clock::duration(last_used_.load(std::memory_order_relaxed)));
  }

  // A request that the version has answered, for what is to replace it.
  RequestSample& sample() { return sample_; }

  // Counts a request that failed without being submitted.
  void CountFailure(Code code, Clock::time_point arrival);

  // The version is replaced or removed: its cached answers go, and no request waits for others.
  void Close();
  // Drops cached answers that are too old.
  void SweepCache();

  // Brings the gauges up to date. What its cache holds is added to `of_model`, the sum over the
  // model's versions, which SetCacheGauges() then shows.
  void UpdateMetrics(CacheStats& of_model);
  void SetCacheGauges(const CacheStats& of_model) const;

 private:
  // But for `done`.
  Job MakeJob(InferRequest& request, std::vector<std::uint32_t> wanted, std::int64_t rows) const;
  void Count(Clock::time_point arrival, std::optional<Code> error) const;

  ModelVersion& version_;
  const VersionMetrics metrics_;
  const std::unique_ptr<Executor> executor_;
  std::optional<CacheGate> gate_;  // where answers are cached
  std::atomic<Clock::rep> last_used_;
  RequestSample sample_;

  std::mutex mutex_;  // guards what follows
  std::uint64_t counted_evictions_ = 0;
};

}  // namespace plinth
