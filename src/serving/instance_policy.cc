#include "serving/instance_policy.h"

#include <algorithm>

namespace plinth {
namespace {

using std::chrono::nanoseconds;

// Shorter waits are not worth another instance, however short the executions are.
constexpr nanoseconds kShortWait = std::chrono::milliseconds(1);
// After growing, what the new instance does to the waits must show before the next.
constexpr nanoseconds kSettle = std::chrono::milliseconds(100);
// How long an instance stays without use.
constexpr nanoseconds kIdleLife = std::chrono::seconds(10);

}  // namespace

std::int64_t ChooseInstances(const InstanceLimits& limits, const InstanceLoad& load) {
  const std::int64_t now = std::clamp(load.instances, limits.min, limits.max);
  const bool all_used = load.most_used >= now;
  if (all_used && load.waited > std::max(kShortWait, load.execution / 2)) {
    return load.unchanged < kSettle ? now : std::min(now + 1, limits.max);
  }
  if (!all_used && load.unchanged >= kIdleLife) return std::max(load.most_used, limits.min);
  return now;
}

}  // namespace plinth
