// What is shown of how a model's versions fare.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "model/registry.h"
#include "serving/model_metrics.h"
#include "serving/release/shadow_record.h"
#include "traffic/traffic_policy.h"

namespace plinth {

struct VersionFigures {
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;
  // Of the requests' durations; nothing without requests.
  std::optional<double> p50_ms;
  std::optional<double> p95_ms;
  std::optional<double> p99_ms;
  // Shares of the requests that name no version: what the version should get, and what it got since
  // the weights were changed last; nothing if there were none.
  double asked = 0;
  std::optional<double> seen;
  std::optional<ShadowFigures> shadow;
};

// Requests and durations as figures; the rest is left as it is.
VersionFigures FiguresOf(const RequestCounts& counts);

// What each version of the model should get of the requests that name none, in their order: its
// weight, or all if it is the one that serves where there are no weights.
std::vector<double> AskedShares(const ModelInfo& model);

// Which shares of a model's requests its versions got since its weights were changed last.
// Thread-safe.
class TrafficSeen {
 public:
  using Counts = std::map<std::string, std::uint64_t>;  // by version

  // The policy is now this one; `routed` are the requests that named no version until now.
  void Follow(const std::string& model, const TrafficPolicy& policy, Counts routed);
  void Forget(const std::string& model);

  // By version; empty if no request came.
  std::map<std::string, double> Shares(const std::string& model, const Counts& routed) const;

 private:
  struct Begin {
    std::vector<VersionTraffic> weights;
    Counts routed;
  };

  mutable std::mutex mutex_;             // guards what follows
  std::map<std::string, Begin> begins_;  // by model
};

}  // namespace plinth
