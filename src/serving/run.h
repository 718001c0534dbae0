// One execution from the moment it is its turn: who is still waiting for it, the call, what is
// counted, the answers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "model/model_version.h"
#include "serving/call_scope.h"
#include "serving/job.h"
#include "serving/joint_execution.h"
#include "serving/model_metrics.h"

namespace plinth {

class Run {
 public:
  // Requires jobs that may be executed together.
  Run(ModelVersion& version, const VersionMetrics& metrics, CallableModels& models,
      std::vector<Job> jobs)
      : version_(version), metrics_(metrics), models_(models), jobs_(std::move(jobs)) {}

  // Refuses those whose deadline has passed or whose client has gone, and runs the model for the
  // rest, until its last deadline. False if nobody is left.
  bool Execute(ExecuteOptions options);

  // Call once after Execute() was true. After it the version may be gone.
  void Answer();

  std::span<const Job> jobs() const { return jobs_; }
  std::int64_t rows() const { return rows_; }
  std::size_t InputBytes() const;
  Clock::duration took() const { return took_; }
  // Whether nothing failed, so that the time tells what the model costs.
  bool succeeded() const {
    return std::ranges::all_of(results_, [](const auto& result) { return result.has_value(); });
  }

 private:
  void CountTimes(Clock::time_point start, const JoiningTimes& joining) const;

  ModelVersion& version_;
  const VersionMetrics& metrics_;
  CallableModels& models_;
  std::vector<Job> jobs_;
  std::vector<Result<std::vector<NamedTensor>>> results_;
  std::int64_t rows_ = 0;
  Clock::duration took_{};
};

// Answers jobs that will not be executed: their deadline has passed, or else their client has gone.
void RefuseDead(std::span<Job> jobs, Clock::time_point now);

}  // namespace plinth
