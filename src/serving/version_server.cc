#include "serving/version_server.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "serving/async_executor.h"
#include "serving/scheduler.h"

namespace plinth {
namespace {

using std::chrono::milliseconds;

// A model's timeout of 0 is none; a request's is over at once.
Clock::time_point DeadlineOf(const InferRequest& request, const ModelConfig& config) {
  Clock::time_point deadline = Clock::time_point::max();
  if (config.timeout_ms > 0) deadline = request.arrival + milliseconds(config.timeout_ms);
  if (request.timeout) deadline = std::min(deadline, request.arrival + *request.timeout);
  return deadline;
}

std::shared_ptr<VersionCache> OpenCache(const ModelVersion& version, ResponseCache& process) {
  const ModelConfig& config = version.config();
  if (config.cache_size == 0 || version.signature().stateful) return nullptr;
  return process.Open({.model = version.name(),
                       .version = version.version(),
                       .entries = static_cast<std::size_t>(config.cache_size),
                       .ttl = milliseconds(config.cache_ttl_ms)});
}

std::unique_ptr<Executor> MakeExecutor(ModelVersion& version, const VersionMetrics& metrics,
                                       WorkerPool& pool, Alarm& alarm, CallableModels& models) {
  if (version.async() != nullptr) return std::make_unique<AsyncExecutor>(version, metrics, models);
  return std::make_unique<Scheduler>(version, metrics, pool, alarm, models);
}

}  // namespace

VersionServer::VersionServer(ModelVersion& version, VersionMetrics metrics, ResponseCache& cache,
                             WorkerPool& pool, Alarm& alarm, CallableModels& models)
    : version_(version),
      metrics_(std::move(metrics)),
      executor_(MakeExecutor(version, metrics_, pool, alarm, models)),
      last_used_(Clock::now().time_since_epoch().count()) {
  if (auto opened = OpenCache(version, cache)) {
    gate_.emplace(std::move(opened), version, metrics_, alarm, models,
                  [this](Job job) { executor_->Submit(std::move(job)); });
  }
}

Job VersionServer::MakeJob(InferRequest& request, std::vector<std::uint32_t> wanted,
                           std::int64_t rows) const {
  Job job;
  job.inputs = std::move(request.inputs);
  job.wanted = std::move(wanted);
  job.rows = rows;
  job.priority = request.priority.value_or(version_.config().priority);
  job.arrival = request.arrival;
  job.deadline = DeadlineOf(request, version_.config());
  job.cancelled = std::move(request.cancelled);
  job.chain = std::move(request.chain);
  job.trace = std::move(request.trace);
  if (version_.signature().decoupled) job.stream = std::move(request.stream);
  if (version_.signature().uses_parameters) job.context = std::move(request.context);
  return job;
}

void VersionServer::Submit(InferRequest request, std::vector<std::uint32_t> wanted,
                           std::int64_t rows, InferCallback done) {
  metrics_.submitted->Add();
  if (request.names_version) metrics_.named->Add();
  last_used_.store(request.arrival.time_since_epoch().count(), std::memory_order_relaxed);
  const bool cached = gate_ && !request.bypass_cache;
  auto sample = sample_.Copy(request.inputs);
  Job job = MakeJob(request, std::move(wanted), rows);
  job.done = [this, arrival = request.arrival, version = std::move(request.version),
              sample = std::move(sample), done = std::move(done)](Result<Answer> answer) mutable {
    if (!sample.empty()) answer ? sample_.Keep(std::move(sample)) : sample_.Drop();
    Count(arrival, answer ? std::nullopt : std::optional(answer.error().code));
    if (!answer) return done(Fail(std::move(answer.error())));
    done(InferResponse{std::move(version), std::move(answer->outputs), answer->cached});
  };
  if (cached) return gate_->Submit(std::move(job));
  executor_->Submit(std::move(job));
}

void VersionServer::SubmitCopy(InferRequest request, std::vector<std::uint32_t> wanted,
                               std::int64_t rows, InferCallback done) {
  Job job = MakeJob(request, std::move(wanted), rows);
  job.done = [version = std::move(request.version),
              done = std::move(done)](Result<Answer> answer) mutable {
    if (!answer) return done(Fail(std::move(answer.error())));
    done(InferResponse{std::move(version), std::move(answer->outputs)});
  };
  executor_->Submit(std::move(job));
}

void VersionServer::Count(Clock::time_point arrival, std::optional<Code> error) const {
  const Clock::duration took = Clock::now() - arrival;
  metrics_.requests->Add();
  metrics_.duration->Observe(took);
  if (!error) return;
  metrics_.CountError(*error);
  metrics_.timings->Failed(took);
}

void VersionServer::CountFailure(Code code, Clock::time_point arrival) {
  metrics_.submitted->Add();
  Count(arrival, code);
}

void VersionServer::Close() {
  executor_->StopWaiting();
  if (gate_) gate_->cache().Close();
}

void VersionServer::SweepCache() {
  if (gate_) gate_->cache().Sweep();
}

void VersionServer::UpdateMetrics(CacheStats& of_model) {
  const auto answered = static_cast<double>(metrics_.requests->value());
  const auto submitted = static_cast<double>(metrics_.submitted->value());
  metrics_.in_flight->Set(std::max(0.0, submitted - answered));
  metrics_.queue_length->Set(static_cast<double>(executor_->queue_length()));
  metrics_.instances->Set(static_cast<double>(executor_->instances()));
  if (!gate_) return;
  const CacheStats stats = gate_->cache().Stats();
  of_model.entries += stats.entries;
  of_model.bytes += stats.bytes;
  const std::lock_guard lock(mutex_);
  metrics_.cache_evictions->Add(stats.evictions -
                                std::exchange(counted_evictions_, stats.evictions));
}

void VersionServer::SetCacheGauges(const CacheStats& of_model) const {
  metrics_.cache_entries->Set(static_cast<double>(of_model.entries));
  metrics_.cache_bytes->Set(static_cast<double>(of_model.bytes));
}

}  // namespace plinth
