#include "serving/scheduler.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "serving/batching/batch_join.h"
#include "serving/joint_execution.h"
#include "serving/run.h"
#include "serving/run_watch.h"

namespace plinth {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// Below this an execution is cheap: about what the hand-over to another thread and back costs.
constexpr double kCheapNs = 50'000;
// Rows of up to so many times the usual bytes are taken to cost what usual ones do.
constexpr double kUsualSize = 2;
// What a thread may spend on the requests of one turn before others have to take over.
constexpr nanoseconds kTurn = milliseconds(1);
// Joining two requests must save so much to be worth the copying.
constexpr double kJoiningNs = 3'000;
// An execution on the caller's thread is looked at for its cost as often as this, once some are
// known: looking takes a lock.
constexpr std::uint32_t kLookEvery = 16;
constexpr std::uint32_t kFirstLooks = 64;
// Longer ones are stopped when all their clients have gone.
constexpr double kLongNs = 20e6;
// The use of instances is looked at over so long.
constexpr nanoseconds kUseWindow = std::chrono::seconds(10);
// More rows than this are not looked for in what is cheap.
constexpr std::int64_t kMostCheapRows = 65'536;
// A full queue is searched for requests that nobody waits for as often as this.
constexpr milliseconds kPurgeInterval{10};

InstanceLimits LimitsOf(const ModelVersion& version) {
  // A backend that takes one call at a time has as many instances as loaded copies.
  const auto copies = static_cast<std::int64_t>(version.copies());
  InstanceLimits limits = version.config().instances;
  if (limits.max == 0) {
    const std::int64_t cores = std::max(1u, std::thread::hardware_concurrency());
    limits = {cores, cores};
  }
  if (!version.signature().concurrent) limits.max = std::min(limits.max, copies);
  limits.min = std::clamp<std::int64_t>(limits.min, 1, limits.max);
  return limits;
}

BatchLimits BatchLimitsOf(const ModelVersion& version, bool joins) {
  if (!joins) return {};
  const ModelConfig& config = version.config();
  return {config.batch_size, milliseconds(config.batch_timeout_ms), config.preferred_batch_sizes};
}

// Takes out those that can be executed together with the first, up to `most` rows.
std::vector<Job> TakeFitting(const Signature& signature, std::vector<Job>& waiting,
                             std::int64_t most) {
  std::vector<Job> taken;
  std::vector<Job> left;
  taken.reserve(waiting.size());
  std::int64_t rows = 0;
  for (Job& job : waiting) {
    const bool fits = taken.empty() ||
                      (rows + job.rows <= most && taken.front().Parameters() == job.Parameters() &&
                       FitTogether(signature, taken.front().inputs, job.inputs));
    if (fits) rows += job.rows;
    (fits ? taken : left).push_back(std::move(job));
  }
  waiting.swap(left);
  return taken;
}

}  // namespace

Scheduler::Scheduler(ModelVersion& version, const VersionMetrics& metrics, WorkerPool& pool,
                     Alarm& alarm, CallableModels& models)
    : version_(version),
      metrics_(metrics),
      pool_(pool),
      alarm_(alarm),
      models_(models),
      concurrent_(version.signature().concurrent),
      may_run_here_(concurrent_ && !version.signature().waits),
      can_batch_(CanBatch(version.signature())),
      joins_(can_batch_ && version.config().batch_size > 1),
      limits_(LimitsOf(version)),
      batch_limits_(BatchLimitsOf(version, joins_)),
      queue_(version.signature(), joins_),
      costs_(batch_limits_.batch_size),
      forecast_(std::max(batch_limits_.batch_timeout, nanoseconds(1))),
      load_since_(Clock::now()),
      busy_until_(load_since_) {
  load_.instances = limits_.min;
  for (std::size_t copy = version.copies(); copy-- > 0;) free_copies_.push_back(copy);
}

std::int64_t Scheduler::instances() const {
  const std::lock_guard lock(mutex_);
  return load_.instances;
}

std::int64_t Scheduler::queue_length() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::int64_t>(queue_.size());
}

// ---- Taking requests in

// What is known of the costs is about rows of the usual size; where other dimensions than the batch
// are open, a larger one may cost far more.
bool Scheduler::IsCheap(const Job& job) const {
  if (job.rows > cheap_rows_.load(std::memory_order_relaxed)) return false;
  const double usual = row_bytes_.load(std::memory_order_relaxed);
  const auto rows = static_cast<double>(std::max<std::int64_t>(job.rows, 1));
  return static_cast<double>(job.InputBytes()) <= kUsualSize * usual * rows;
}

void Scheduler::Submit(Job job) {
  const bool cheap = IsCheap(job);
  if (cheap && joins_ && HasTurns() && gathers_.load(std::memory_order_relaxed)) {
    job.queued = job.arrival;
    return Gather(*this, std::move(job));
  }
  std::vector<Job> jobs;
  if (can_batch_) {
    jobs = SplitJob(version_.signature(), job, batch_limits_.batch_size);
  } else {
    jobs.push_back(std::move(job));
  }
  if (!cheap) return Enqueue(std::move(jobs));
  for (Job& part : jobs) {
    std::vector<Job> alone;
    alone.push_back(std::move(part));
    RunHere(std::move(alone));
  }
}

// Runs the jobs on the calling thread and answers them. Nothing of this object is touched once the
// last is answered.
void Scheduler::RunHere(std::vector<Job> jobs) {
  Run run(version_, metrics_, models_, std::move(jobs));
  if (!run.Execute({})) return;
  const std::uint32_t runs = runs_here_.fetch_add(1, std::memory_order_relaxed);
  if (runs < kFirstLooks || runs % kLookEvery == 0) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (lock.owns_lock()) Learn(run, 0);
  }
  run.Answer();
}

void Scheduler::RunGathered(std::vector<Job> jobs) {
  const auto keep = version_.shared_from_this();
  const std::int64_t most = batch_limits_.batch_size;
  if (jobs.size() == 1 && jobs.front().rows <= most) return RunHere(std::move(jobs));
  std::vector<Job> waiting;
  waiting.reserve(jobs.size());
  for (Job& job : jobs) {
    if (job.rows > most) {
      std::ranges::move(SplitJob(version_.signature(), job, most), std::back_inserter(waiting));
    } else {
      waiting.push_back(std::move(job));
    }
  }
  const Time end = Clock::now() + kTurn;
  while (!waiting.empty() && Clock::now() < end) {
    RunHere(TakeFitting(version_.signature(), waiting, most));
  }
  for (Job& job : waiting) {
    std::vector<Job> alone;
    alone.push_back(std::move(job));
    Enqueue(std::move(alone));
  }
}

// The parts of one request.
void Scheduler::Enqueue(std::vector<Job> parts) {
  const Time now = Clock::now();
  for (Job& part : parts) part.queued = now;
  std::vector<Job> dead;
  std::vector<Batch> batches;
  {
    const std::lock_guard lock(mutex_);
    if (static_cast<std::int64_t>(queue_.size()) >= version_.config().max_queue &&
        now >= purged_at_ + kPurgeInterval) {
      dead = TakeDead(now);
    }
    if (static_cast<std::int64_t>(queue_.size()) < version_.config().max_queue) {
      forecast_.Arrived(now, RowsOf(parts), queue_.empty() && running_ == 0);
      SetAlarm(expire_at_, parts.front().deadline);
      queue_.Push(std::exchange(parts, {}));
      batches = TakeBatches(now);
    }
  }
  Post(std::move(batches));
  RefuseDead(dead, now);
  for (Job& part : parts) {
    part.done(Fail(Code::kResourceExhausted,
                   "the queue of model '" + version_.name() + "' is full (" +
                       std::to_string(version_.config().max_queue) + " requests wait)"));
  }
}

void Scheduler::StopWaiting() {
  std::vector<Batch> batches;
  {
    const std::lock_guard lock(mutex_);
    batch_limits_.batch_timeout = nanoseconds(0);
    batches = TakeBatches(Clock::now());
  }
  Post(std::move(batches));
}

// ---- Instances

std::vector<Scheduler::Batch> Scheduler::TakeBatches(Time now) {
  std::vector<Batch> batches;
  while (auto batch = TakeBatch(now)) batches.push_back(*std::move(batch));
  return batches;
}

std::optional<Scheduler::Batch> Scheduler::TakeBatch(Time now) {
  const std::int64_t free = load_.instances - running_;
  if (queue_.empty() || free <= 0) {
    could_run_since_.reset();
    return std::nullopt;
  }
  if (!could_run_since_) could_run_since_ = now;
  const BatchState state{.now = now,
                         .queued_rows = joins_ ? queue_.next_rows() : queue_.first_rows(),
                         .first_rows = queue_.first_rows(),
                         .could_run_since = *could_run_since_,
                         .deadline = queue_.next_deadline(),
                         .free_instances = free,
                         .running = running_};
  const BatchDecision decision = DecideBatch(batch_limits_, costs_, forecast_, state);
  if (decision.rows > 0) return Start(decision.rows, now);
  SetAlarm(decide_at_, decision.until);
  return std::nullopt;
}

Scheduler::Batch Scheduler::Start(std::int64_t rows, Time now) {
  Batch batch;
  batch.jobs = queue_.Take(rows);
  if (!concurrent_) {
    batch.copy = free_copies_.back();
    free_copies_.pop_back();
  }
  const double cost = costs_.Cost(static_cast<double>(rows), running_);
  batch.may_be_long = cost == 0 || cost > kLongNs;
  CountBusy(now);
  batch.start = now;
  batch.busy_before = busy_;
  ++running_;
  // What the policy made it wait, another instance would not have spared it.
  const Clock::duration waited = *could_run_since_ - batch.jobs.front().queued;
  load_.execution = nanoseconds(static_cast<std::int64_t>(cost));
  could_run_since_.reset();
  AdaptInstances(waited, now);
  return batch;
}

// Runs the batch and then whatever waits, until nothing does or the policy says to wait.
void Scheduler::RunInstance(Batch first) {
  // The last answer may drop the last lease of all: the scheduler must outlive this loop.
  const auto keep = version_.shared_from_this();
  std::optional<Batch> batch(std::move(first));
  while (batch) {
    Run run(version_, metrics_, models_, std::move(batch->jobs));
    bool executed = false;
    {
      std::optional<RunWatch> watch;
      if (batch->may_be_long) watch.emplace(alarm_, run.jobs());
      executed = run.Execute({batch->copy, watch ? watch->cancellation() : nullptr});
    }
    if (executed) run.Answer();
    std::vector<Batch> others;
    {
      const std::lock_guard lock(mutex_);
      Finish(*batch, executed ? &run : nullptr);
      batch = TakeBatch(Clock::now());
      if (batch) others = TakeBatches(batch->start);
    }
    Post(std::move(others));
  }
}

void Scheduler::Finish(const Batch& batch, const Run* executed) {
  const Time now = Clock::now();
  CountBusy(now);
  --running_;
  if (!concurrent_) free_copies_.push_back(batch.copy);
  if (executed == nullptr) return;
  forecast_.Completed(now, executed->rows());
  const auto span = static_cast<double>(nanoseconds(now - batch.start).count());
  Learn(*executed, span > 0 ? std::max(0.0, (busy_ - batch.busy_before) / span - 1) : 0);
}

void Scheduler::AdaptInstances(Clock::duration waited, Time now) {
  load_.most_used = std::max(load_.most_used, running_);
  load_.waited += (nanoseconds(waited) - load_.waited) / 8;
  load_.unchanged = now - load_since_;
  if (limits_.min == limits_.max) return;
  const std::int64_t chosen = ChooseInstances(limits_, load_);
  if (chosen == load_.instances && load_.unchanged < kUseWindow) return;
  load_.instances = chosen;
  load_.most_used = running_;
  load_since_ = now;
}

void Scheduler::CountBusy(Time now) {
  busy_ +=
      static_cast<double>(running_) * static_cast<double>(nanoseconds(now - busy_until_).count());
  busy_until_ = now;
}

void Scheduler::Learn(const Run& run, double others) {
  if (!run.succeeded()) return;
  const std::int64_t rows = std::max<std::int64_t>(run.rows(), 1);
  costs_.Observe(rows, run.took(), others);
  if (!may_run_here_) return;
  const std::int64_t most = batch_limits_.batch_size;
  // More rows than one execution may have are several.
  const auto cost = [&](std::int64_t n) {
    const std::int64_t whole = n / most;
    const std::int64_t rest = n % most;
    return static_cast<double>(whole) * costs_.Cost(static_cast<double>(most), 0) +
           (rest > 0 ? costs_.Cost(static_cast<double>(rest), 0) : 0);
  };
  std::int64_t cheap = 1;
  while (cheap <= kMostCheapRows && cost(cheap) <= kCheapNs) cheap *= 2;
  const double row_bytes = static_cast<double>(run.InputBytes()) / static_cast<double>(rows);
  const double before = row_bytes_.load(std::memory_order_relaxed);
  row_bytes_.store(before == 0 ? row_bytes : before + (row_bytes - before) / 8,
                   std::memory_order_relaxed);
  cheap_rows_.store(cheap / 2 > 0 ? cheap / 2 : -1, std::memory_order_relaxed);
  gathers_.store(joins_ && 2 * cost(1) - cost(2) > kJoiningNs, std::memory_order_relaxed);
}

// ---- Deadlines

std::vector<Job> Scheduler::TakeDead(Time now) {
  purged_at_ = now;
  return queue_.TakeDead(now);
}

// `at` is when the alarm is set for already. It keeps no version that is gone: deadlines may be
// long, and models may be loaded often.
void Scheduler::SetAlarm(Time& at, Time when) {
  if (when >= at) return;
  at = when;
  alarm_.At(when, [this, version = version_.weak_from_this()] {
    if (const auto keep = version.lock()) OnAlarm();
  });
}

void Scheduler::OnAlarm() {
  const Time now = Clock::now();
  std::vector<Job> dead;
  std::vector<Batch> batches;
  {
    const std::lock_guard lock(mutex_);
    if (now >= expire_at_) {
      expire_at_ = Time::max();
      dead = TakeDead(now);
      SetAlarm(expire_at_, queue_.FirstDeadline());
    }
    if (now >= decide_at_) decide_at_ = Time::max();
    batches = TakeBatches(now);
  }
  Post(std::move(batches));
  RefuseDead(dead, now);
}

void Scheduler::Post(std::vector<Batch> batches) {
  for (Batch& batch : batches) {
    pool_.Post([this, batch = std::move(batch)]() mutable { RunInstance(std::move(batch)); });
  }
}

}  // namespace plinth
