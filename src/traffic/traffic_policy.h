// How the requests of a model are shared among its versions: what was asked for, as values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plinth {

// One version's part of a model's requests.
struct VersionTraffic {
  std::string version;
  double traffic = 0;  // share that it answers, 0 to 1; those of a model sum to 1
  double shadow = 0;   // share of which it gets a copy, 0 to 1
  bool operator==(const VersionTraffic&) const = default;
};

// What ties a caller to one version.
struct StickyKey {
  enum class Source { kNone, kHeader, kField };
  Source source = Source::kNone;
  std::string name;  // of the header, or of the request's field
  bool operator==(const StickyKey&) const = default;
};

// A part of the space of keys' hashes and the version that it belongs to. A change of weights moves
// only as many of them as it must, so where they lie is kept.
struct StickyRange {
  double end = 0;  // of 1; it begins where the one before it ends
  std::string version;
  bool operator==(const StickyRange&) const = default;
};

// When a rollout is taken back. What is not given is not looked at.
struct RolloutLimits {
  std::optional<double> error_rate;    // failed of answered requests, 0 to 1
  std::optional<double> p99_ms;        // of the requests' durations
  std::optional<double> disagreement;  // share of shadowed requests with another outcome, 0 to 1
  bool operator==(const RolloutLimits&) const = default;
};

// A version that is to take over step by step.
struct RolloutPlan {
  std::string to;
  std::vector<double> steps;  // its shares, rising, at most 1
  double every_s = 60;        // how long each is kept
  RolloutLimits abort_if;
  bool operator==(const RolloutPlan&) const = default;
};

// A rollout that was begun; while it runs the weights of the policy are its own.
struct Rollout {
  enum class State { kRunning, kCompleted, kRolledBack, kCancelled };

  RolloutPlan plan;
  std::vector<VersionTraffic> before;  // what comes back if it is taken back; never empty
  State state = State::kRunning;
  std::size_t step = 0;  // index of the share that `to` has, or had when it ended
  std::string reason;    // why it was taken back or cancelled
  bool operator==(const Rollout&) const = default;
};

// "running", "completed", "rolled_back", "cancelled".
std::string_view NameOf(Rollout::State state);

// The release state of a model. An immutable value: a change makes a new one.
struct TrafficPolicy {
  std::vector<VersionTraffic>
      versions;  // in natural order; empty: the newest ready one answers all
  StickyKey sticky;
  std::vector<StickyRange> ranges;                         // ends rise to 1; empty without a split
  std::map<std::string, std::string, std::less<>> labels;  // "stable" -> "v1"
  std::optional<Rollout> rollout;                          // the last one, running or not
  bool operator==(const TrafficPolicy&) const = default;
};

// What one request changes of a model's release state: what is not given stays.
struct ReleaseChange {
  std::optional<std::vector<VersionTraffic>> versions;
  std::optional<StickyKey> sticky;
  std::optional<std::map<std::string, std::string, std::less<>>> labels;
  std::optional<RolloutPlan> rollout;

  bool empty() const { return !versions && !sticky && !labels && !rollout; }
  bool operator==(const ReleaseChange&) const = default;
};

// The policy after the change, but for its rollout, which changes weights by itself. Of the sticky
// keys no more move than the weights ask for.
TrafficPolicy ApplyChange(const TrafficPolicy& old, const ReleaseChange& change);

// The policy in a line, for people: "v1 0.9, v2 0.1, a copy of 0.2 to v3, sticky by header
// X-User-Id, stable is v1".
std::string Summary(const TrafficPolicy& policy);

}  // namespace plinth
