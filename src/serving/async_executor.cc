#include "serving/async_executor.h"

#include <memory>
#include <string>
#include <utility>

#include "serving/run.h"

namespace plinth {

// One request that is executed. It keeps its version.
class AsyncExecutor::Execution final {
 public:
  Execution(AsyncExecutor& executor, Job job)
      : executor_(executor),
        keep_(executor.version_.shared_from_this()),
        job_(std::move(job)),
        scope_(executor.models_, executor.version_, {&job_, 1}) {}

  // On whose behalf the version asks others.
  const ModelCaller& caller() const { return scope_; }

  // Nothing of the execution but its caller's parts is used after it.
  void Answer(Result<ModelAnswer> answer) {
    executor_.running_.fetch_sub(1, std::memory_order_relaxed);
    const Clock::duration took = Clock::now() - start_;
    const VersionMetrics& metrics = executor_.metrics_;
    metrics.execution_duration->Observe(took);
    metrics.batch_size->Observe(job_.rows);
    if (!answer) {
      metrics.timings->FailedAfterWaiting({});
      return job_.done(Fail(std::move(answer.error())));
    }
    metrics.timings->Executed({.rows = job_.rows, .compute = took});
    job_.done(plinth::Answer{.outputs = std::move(answer->outputs)});
  }

 private:
  AsyncExecutor& executor_;
  const std::shared_ptr<ModelVersion> keep_;
  Job job_;
  const CallScope scope_;
  const Clock::time_point start_ = Clock::now();
};

void AsyncExecutor::Submit(Job job) {
  const Clock::time_point now = Clock::now();
  if (now >= job.deadline || job.IsCancelled()) return RefuseDead({&job, 1}, now);
  const std::int64_t most = version_.config().max_queue;
  if (running_.fetch_add(1, std::memory_order_relaxed) >= most) {
    running_.fetch_sub(1, std::memory_order_relaxed);
    return job.done(Fail(Code::kResourceExhausted, "model '" + version_.name() +
                                                       "' is busy: " + std::to_string(most) +
                                                       " requests are in flight (max_queue)"));
  }
  metrics_.queue_duration->Observe({});
  std::vector<NamedTensor> inputs = std::move(job.inputs);
  std::vector<std::uint32_t> wanted = std::move(job.wanted);
  const auto execution = std::make_shared<Execution>(*this, std::move(job));
  version_.async()->Start(
      std::move(inputs), std::move(wanted),
      std::shared_ptr<const ModelCaller>(execution, &execution->caller()),
      [execution](Result<ModelAnswer> answer) mutable { execution->Answer(std::move(answer)); });
}

}  // namespace plinth
