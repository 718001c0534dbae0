// What executes the requests of one version.
#pragma once

#include <cstdint>

#include "model/config.h"
#include "serving/job.h"

namespace plinth {

class Executor {
 public:
  virtual ~Executor() = default;

  // Answers through job.done. RESOURCE_EXHAUSTED if too many wait, DEADLINE_EXCEEDED, CANCELLED, or
  // what the model says.
  virtual void Submit(Job job) = 0;

  // From here on no request waits for others to join it.
  virtual void StopWaiting() = 0;

  // The least and the most executions at once, and how many there may be now.
  virtual const InstanceLimits& instance_limits() const = 0;
  virtual std::int64_t instances() const = 0;

  virtual std::int64_t queue_length() const = 0;
};

}  // namespace plinth
