// The queue and the instances of one version: when and where its requests are executed.
//
// A request that is predicted to be cheap runs at once on the caller's thread: handing it over
// would cost more than it does. Any other takes a free instance (a place to execute in; there are
// config.instances of them) or waits, in order of arrival, in a queue that is bounded. A request
// whose deadline passes while it waits is answered then and never executed.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "model/model_version.h"
#include "serving/alarm.h"
#include "serving/infer.h"
#include "serving/model_metrics.h"
#include "serving/worker_pool.h"

namespace plinth {

class VersionQueue final : public ModelVersion::Attachment {
 public:
  // All but `metrics` outlive the queue; `version` owns it.
  VersionQueue(ModelVersion& version, VersionMetrics metrics, ModelMetrics& all_metrics,
               WorkerPool& pool, Alarm& alarm);

  std::int64_t instances() const { return instances_; }

  // Answers through `done`, exactly once. The inputs have been checked and ordered; `rows` is what
  // CheckInputs() said.
  void Submit(InferRequest request, std::vector<std::uint32_t> wanted, std::int64_t rows,
              InferCallback done);

  // Counts a request that failed without being submitted.
  void CountFailure(Code code, Clock::time_point arrival);

 private:
  struct Job {
    InferRequest request;
    std::vector<std::uint32_t> wanted;
    std::int64_t rows;
    Clock::time_point deadline;
    InferCallback done;
  };

  bool IsCheap(std::int64_t rows) const;
  void Run(Job job);
  Result<std::vector<NamedTensor>> Execute(const Job& job);
  void RunInstance(Job first);
  void Answer(Job& job, Result<InferResponse> response);
  void Refuse(Job& job, Error error);
  void ExpireQueued();
  void Learn(Clock::duration took, std::int64_t rows);

  ModelVersion& version_;
  const VersionMetrics metrics_;
  ModelMetrics& all_metrics_;
  WorkerPool& pool_;
  Alarm& alarm_;
  const std::int64_t instances_;

  std::atomic<std::int64_t> row_cost_ns_{-1};  // moving average; -1: not measured yet

  std::mutex mutex_;  // guards what follows
  std::deque<Job> waiting_;
  std::int64_t running_ = 0;
  bool alarm_set_ = false;
};

}  // namespace plinth
