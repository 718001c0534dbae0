#include "serving/run.h"

#include <algorithm>
#include <string>
#include <utility>

#include "serving/batching/batch_join.h"

namespace plinth {

bool Run::Execute(ExecuteOptions options) {
  const Clock::time_point start = Clock::now();
  const auto dead = std::stable_partition(jobs_.begin(), jobs_.end(), [start](const Job& job) {
    return start < job.deadline && !job.IsCancelled();
  });
  RefuseDead({dead, jobs_.end()}, start);
  jobs_.erase(dead, jobs_.end());
  if (jobs_.empty()) return false;

  for (const Job& job : jobs_) metrics_.queue_duration->Observe(start - job.queued);
  rows_ = RowsOf(jobs_);
  const Clock::time_point deadline = LastDeadline(jobs_);
  if (deadline != Clock::time_point::max()) options.deadline = deadline.time_since_epoch();
  const CallScope scope(models_, version_, jobs_);
  if (version_.signature().waits) options.caller = &scope;
  JoiningTimes joining;
  results_ = ExecuteJobs(version_, jobs_, options, joining);
  took_ = Clock::now() - start;
  metrics_.execution_duration->Observe(took_);
  metrics_.batch_size->Observe(rows_);
  CountTimes(start, joining);
  return true;
}

// Of a model that batches nothing each request is one inference, whatever its sizes.
void Run::CountTimes(Clock::time_point start, const JoiningTimes& joining) const {
  const bool batches = version_.config().batch_size > 0 && CanBatch(version_.signature());
  if (joining.joined) {
    return metrics_.timings->Executed({.rows = rows_,
                                       .requests = jobs_.size(),
                                       .input = joining.input,
                                       .compute = took_ - joining.input - joining.output,
                                       .output = joining.output});
  }
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    if (results_[i]) {
      metrics_.timings->Executed({.rows = batches ? jobs_[i].rows : 1, .compute = took_});
    } else {
      metrics_.timings->FailedAfterWaiting(start - jobs_[i].queued);
    }
  }
}

std::size_t Run::InputBytes() const {
  std::size_t bytes = 0;
  for (const Job& job : jobs_) bytes += job.InputBytes();
  return bytes;
}

void Run::Answer() {
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    if (results_[i]) {
      jobs_[i].done(plinth::Answer{.outputs = std::move(*results_[i])});
    } else {
      jobs_[i].done(Fail(std::move(results_[i].error())));
    }
  }
}

void RefuseDead(std::span<Job> jobs, Clock::time_point now) {
  for (Job& job : jobs) {
    if (now < job.deadline) {
      job.done(Fail(Code::kCancelled, "the client went away before the request was executed"));
      continue;
    }
    const auto limit =
        std::chrono::duration_cast<std::chrono::milliseconds>(job.deadline - job.arrival);
    job.done(Fail(Code::kDeadlineExceeded, "the request waited longer than timeout_ms (" +
                                               std::to_string(limit.count()) +
                                               ") and was not executed"));
  }
}

}  // namespace plinth
