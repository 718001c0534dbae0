#include "traffic/traffic_policy.h"

#include "traffic/sticky_map.h"

namespace plinth {

TrafficPolicy ApplyChange(const TrafficPolicy& old, const ReleaseChange& change) {
  TrafficPolicy policy = old;
  if (change.versions) {
    policy.versions = *change.versions;
    policy.ranges = Reapportion(old.ranges, policy.versions);
  }
  if (change.sticky) policy.sticky = *change.sticky;
  if (change.labels) policy.labels = *change.labels;
  return policy;
}

}  // namespace plinth
