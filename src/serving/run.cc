#include "serving/run.h"

#include <algorithm>
#include <string>
#include <utility>

#include "serving/joint_execution.h"

namespace plinth {

bool Run::Execute(const ExecuteOptions& options) {
  const Clock::time_point start = Clock::now();
  const auto dead = std::stable_partition(jobs_.begin(), jobs_.end(), [start](const Job& job) {
    return start < job.deadline && !job.IsCancelled();
  });
  RefuseDead({dead, jobs_.end()}, start);
  jobs_.erase(dead, jobs_.end());
  if (jobs_.empty()) return false;

  for (const Job& job : jobs_) metrics_.queue_duration->Observe(start - job.queued);
  rows_ = RowsOf(jobs_);
  results_ = ExecuteJobs(version_, jobs_, options);
  took_ = Clock::now() - start;
  metrics_.execution_duration->Observe(took_);
  metrics_.batch_size->Observe(rows_);
  return true;
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
