#include "traffic/traffic_policy.h"

#include <algorithm>

#include <fmt/format.h>

#include "traffic/sticky_map.h"

namespace plinth {

std::string_view NameOf(Rollout::State state) {
  switch (state) {
    case Rollout::State::kRunning:
      return "running";
    case Rollout::State::kCompleted:
      return "completed";
    case Rollout::State::kRolledBack:
      return "rolled_back";
    case Rollout::State::kCancelled:
      break;
  }
  return "cancelled";
}

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

std::string Summary(const TrafficPolicy& policy) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  const bool split =
      std::ranges::any_of(policy.versions, [](const VersionTraffic& v) { return v.traffic > 0; });
  if (!split) add("all to the newest version");
  for (const VersionTraffic& v : policy.versions) {
    if (v.traffic > 0) add(fmt::format("{} {:g}", v.version, v.traffic));
    if (v.shadow > 0) add(fmt::format("a copy of {:g} to {}", v.shadow, v.version));
  }
  if (policy.sticky.source != StickyKey::Source::kNone) {
    const bool header = policy.sticky.source == StickyKey::Source::kHeader;
    add((header ? "sticky by header " : "sticky by field ") + policy.sticky.name);
  }
  for (const auto& [label, version] : policy.labels) add(label + " is " + version);
  return text;
}

}  // namespace plinth
