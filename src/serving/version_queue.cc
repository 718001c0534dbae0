#include "serving/version_queue.h"

#include <algorithm>
#include <new>
#include <optional>
#include <thread>
#include <utility>

namespace plinth {
namespace {

// Below this a request runs on the thread that received it: about what the hand-over to another
// thread and back costs.
constexpr std::int64_t kCheapNs = 50'000;

std::int64_t InstancesOf(const ModelVersion& version) {
  // A backend that takes one call at a time has one instance, whatever is asked for.
  if (!version.signature().concurrent) return 1;
  if (version.config().instances.max > 0) return version.config().instances.max;
  return std::max(1u, std::thread::hardware_concurrency());
}

Clock::time_point DeadlineOf(const InferRequest& request, const ModelConfig& config) {
  if (config.timeout_ms == 0) return Clock::time_point::max();
  return request.arrival + std::chrono::milliseconds(config.timeout_ms);
}

Error TimedOut(const ModelConfig& config) {
  return {Code::kDeadlineExceeded, "the request waited longer than timeout_ms (" +
                                       std::to_string(config.timeout_ms) +
                                       ") and was not executed"};
}

}  // namespace

VersionQueue::VersionQueue(ModelVersion& version, VersionMetrics metrics, ModelMetrics& all_metrics,
                           WorkerPool& pool, Alarm& alarm)
    : version_(version),
      metrics_(std::move(metrics)),
      all_metrics_(all_metrics),
      pool_(pool),
      alarm_(alarm),
      instances_(InstancesOf(version)) {}

bool VersionQueue::IsCheap(std::int64_t rows) const {
  const std::int64_t cost = row_cost_ns_.load(std::memory_order_relaxed);
  return cost >= 0 && version_.signature().concurrent &&
         cost <= kCheapNs / std::max<std::int64_t>(rows, 1);
}

void VersionQueue::Submit(InferRequest request, std::vector<std::uint32_t> wanted,
                          std::int64_t rows, InferCallback done) {
  const Clock::time_point deadline = DeadlineOf(request, version_.config());
  Job job{std::move(request), std::move(wanted), rows, deadline, std::move(done)};
  if (IsCheap(rows)) return Run(std::move(job));

  std::unique_lock lock(mutex_);
  if (running_ < instances_) {
    ++running_;
    lock.unlock();
    pool_.Post([this, job = std::move(job)]() mutable { RunInstance(std::move(job)); });
    return;
  }
  if (static_cast<std::int64_t>(waiting_.size()) >= version_.config().max_queue) {
    lock.unlock();
    return Refuse(job, {Code::kResourceExhausted,
                        "the queue of model '" + version_.name() + "' is full (" +
                            std::to_string(version_.config().max_queue) + " requests wait)"});
  }
  waiting_.push_back(std::move(job));
  if (deadline == Clock::time_point::max() || std::exchange(alarm_set_, true)) return;
  lock.unlock();
  alarm_.At(deadline, [this, keep = version_.shared_from_this()] { ExpireQueued(); });
}

// Runs `first` and then whatever waits, until nothing does.
void VersionQueue::RunInstance(Job first) {
  // The last job's lease may be the last of all: the queue must outlive this loop.
  const std::shared_ptr<ModelVersion> keep = version_.shared_from_this();
  std::optional<Job> job(std::move(first));
  while (job) {
    Run(std::move(*job));
    job.reset();
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      --running_;
    } else {
      job.emplace(std::move(waiting_.front()));
      waiting_.pop_front();
    }
  }
}

void VersionQueue::Run(Job job) {
  const Clock::time_point start = Clock::now();
  if (start >= job.deadline) return Refuse(job, TimedOut(version_.config()));
  if (job.request.cancelled && job.request.cancelled()) {
    return Refuse(job, {Code::kCancelled, "the client went away before the request was executed"});
  }
  auto outputs = Execute(job);
  Learn(Clock::now() - start, job.rows);
  metrics_.batch_size->Observe(static_cast<double>(job.rows));
  if (!outputs) return Refuse(job, std::move(outputs.error()));
  Answer(job, InferResponse{job.request.version, std::move(*outputs)});
}

Result<std::vector<NamedTensor>> VersionQueue::Execute(const Job& job) {
  try {
    return version_.Execute(job.request.inputs, job.wanted);
  } catch (const std::bad_alloc&) {
    return Fail(Code::kOutOfMemory, "the request does not fit into memory");
  }
}

void VersionQueue::Answer(Job& job, Result<InferResponse> response) {
  const std::chrono::duration<double> took = Clock::now() - job.request.arrival;
  metrics_.requests->Add();
  metrics_.duration->Observe(took.count());
  job.done(std::move(response));
}

void VersionQueue::Refuse(Job& job, Error error) {
  all_metrics_.CountError(version_.name(), version_.version(), error.code);
  Answer(job, Fail(std::move(error)));
}

void VersionQueue::CountFailure(Code code, Clock::time_point arrival) {
  const std::chrono::duration<double> took = Clock::now() - arrival;
  metrics_.requests->Add();
  metrics_.duration->Observe(took.count());
  all_metrics_.CountError(version_.name(), version_.version(), code);
}

// Called by the alarm when the first of the waiting is due.
void VersionQueue::ExpireQueued() {
  const Clock::time_point now = Clock::now();
  std::vector<Job> expired;
  Clock::time_point next = Clock::time_point::max();
  {
    const std::lock_guard lock(mutex_);
    std::deque<Job> rest;
    for (Job& job : waiting_) {
      if (job.deadline <= now) {
        expired.push_back(std::move(job));
      } else {
        next = std::min(next, job.deadline);
        rest.push_back(std::move(job));
      }
    }
    waiting_.swap(rest);
    alarm_set_ = next != Clock::time_point::max();
  }
  for (Job& job : expired) Refuse(job, TimedOut(version_.config()));
  if (next != Clock::time_point::max()) {
    alarm_.At(next, [this, keep = version_.shared_from_this()] { ExpireQueued(); });
  }
}

// An average over about the last eight executions.
void VersionQueue::Learn(Clock::duration took, std::int64_t rows) {
  const std::int64_t cost =
      std::chrono::nanoseconds(took).count() / std::max<std::int64_t>(rows, 1);
  const std::int64_t old = row_cost_ns_.load(std::memory_order_relaxed);
  row_cost_ns_.store(old < 0 ? cost : old + (cost - old) / 8, std::memory_order_relaxed);
}

}  // namespace plinth
