// How many executions of a version may run at once, between its least and its most: a pure function
// of how long requests wait.
//
// It grows by one when requests have waited long compared with what an execution takes, while all
// instances were busy: a wait that another instance would have spared them. It falls to what was
// really used when that was less for a while.
#pragma once

#include <chrono>
#include <cstdint>

#include "model/config.h"

namespace plinth {

struct InstanceLoad {
  std::int64_t instances = 1;             // as of now
  std::int64_t most_used = 0;             // at once, since the last change
  std::chrono::nanoseconds waited{0};     // by requests before they were executed, a moving average
  std::chrono::nanoseconds execution{0};  // takes so long
  std::chrono::nanoseconds unchanged{0};  // since the last change
};

std::int64_t ChooseInstances(const InstanceLimits& limits, const InstanceLoad& load);

}  // namespace plinth
