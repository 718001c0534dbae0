// When and where the requests of one version are executed.
//
// Three ways, by what the request is predicted to cost:
//   - cheap: at once, on the caller's thread; handing it over would cost more than it does. Where
//     joining saves something those that arrive in the same turn of the caller's event loop are
//     executed together at its end (turn.h);
//   - else it takes a free instance (a place to execute in), together with what else waits and as
//     the batching policy says (batching/batch_policy.h), or waits in a bounded queue.
// What a batch of n rows costs, and who is about to arrive, is learnt from what happens.
//
// Invariants:
//   - at most instances() executions run at once, but for cheap ones, and one for each loaded copy
//     of the model where it takes one call at a time;
//   - whenever an instance is free and requests wait, an alarm is set for when the policy said;
//   - a request whose deadline has passed, or whose client has gone, is not executed;
//   - no lock is held while a model runs or a request is answered.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "model/model_version.h"
#include "serving/alarm.h"
#include "serving/batching/arrival_forecast.h"
#include "serving/batching/batch_policy.h"
#include "serving/batching/cost_curve.h"
#include "serving/executor.h"
#include "serving/instance_policy.h"
#include "serving/job.h"
#include "serving/model_metrics.h"
#include "serving/request_queue.h"
#include "serving/run.h"
#include "serving/turn.h"
#include "serving/worker_pool.h"

namespace plinth {

class Scheduler final : public Executor, public Gatherer {
 public:
  // All of them outlive the scheduler; `version` is loaded.
  Scheduler(ModelVersion& version, const VersionMetrics& metrics, WorkerPool& pool, Alarm& alarm,
            CallableModels& models);

  void Submit(Job job) override;
  void StopWaiting() override;
  const InstanceLimits& instance_limits() const override { return limits_; }
  std::int64_t instances() const override;
  std::int64_t queue_length() const override;

  void RunGathered(std::vector<Job> jobs) override;

 private:
  using Time = Clock::time_point;

  // Jobs on their way to an instance.
  struct Batch {
    std::vector<Job> jobs;
    std::size_t copy = 0;
    bool may_be_long = false;  // so that it is worth watching whether its clients go away
    Time start;
    double busy_before = 0;  // busy_ at the start
  };

  bool IsCheap(const Job& job) const;
  void RunHere(std::vector<Job> jobs);
  void Enqueue(std::vector<Job> parts);
  void RunInstance(Batch batch);
  void Post(std::vector<Batch> batches);
  void OnAlarm();

  // These require mutex_.
  std::vector<Batch> TakeBatches(Time now);
  std::optional<Batch> TakeBatch(Time now);
  Batch Start(std::int64_t rows, Time now);
  void Finish(const Batch& batch, const Run* executed);
  void AdaptInstances(Clock::duration waited, Time now);
  void CountBusy(Time now);
  void Learn(const Run& run, double others);
  std::vector<Job> TakeDead(Time now);
  void SetAlarm(Time& at, Time when);

  ModelVersion& version_;
  const VersionMetrics& metrics_;
  WorkerPool& pool_;
  Alarm& alarm_;
  CallableModels& models_;
  // Of the signature, which is only there while a lease is.
  const bool concurrent_;
  const bool may_run_here_;  // on the thread that submits
  const bool can_batch_;
  const bool joins_;  // requests may be executed together
  const InstanceLimits limits_;

  // What Learn() concludes for the callers' threads: requests of up to so many rows are cheap if
  // the rows are of about the usual size, and whether cheap ones are gathered.
  std::atomic<std::int64_t> cheap_rows_{-1};
  std::atomic<double> row_bytes_{0};
  std::atomic<bool> gathers_{false};
  std::atomic<std::uint32_t> runs_here_{0};

  mutable std::mutex mutex_;  // guards what follows
  BatchLimits batch_limits_;  // only the timeout changes, once, to none
  RequestQueue queue_;
  CostModel costs_;
  ArrivalForecast forecast_;
  std::vector<std::size_t> free_copies_;  // where a copy takes one call at a time
  std::int64_t running_ = 0;
  InstanceLoad load_;
  Time load_since_;
  // How long executions have run, added up over all of them, in nanoseconds until busy_until_.
  double busy_ = 0;
  Time busy_until_;
  std::optional<Time> could_run_since_;  // since when an instance is free and a request waits
  Time decide_at_ = Time::max();         // when the alarm is set for the policy,
  Time expire_at_ = Time::max();         // and for the first deadline
  Time purged_at_ = Time::min();
};

}  // namespace plinth
