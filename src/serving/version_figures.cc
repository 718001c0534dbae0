#include "serving/version_figures.h"

#include <algorithm>
#include <utility>

#include "telemetry/quantile.h"
#include "traffic/traffic_router.h"

namespace plinth {
namespace {

std::optional<double> QuantileMs(const RequestCounts& counts, double q) {
  const auto seconds = telemetry::Quantile(telemetry::FineLatencyBuckets(), counts.durations, q);
  if (!seconds) return std::nullopt;
  return *seconds * 1e3;
}

bool HasWeights(const TrafficPolicy* policy) {
  return policy != nullptr && std::ranges::any_of(policy->versions, [](const VersionTraffic& part) {
           return part.traffic > 0;
         });
}

}  // namespace

VersionFigures FiguresOf(const RequestCounts& counts) {
  VersionFigures figures;
  figures.requests = counts.requests;
  figures.errors = counts.errors;
  figures.p50_ms = QuantileMs(counts, 0.5);
  figures.p95_ms = QuantileMs(counts, 0.95);
  figures.p99_ms = QuantileMs(counts, 0.99);
  return figures;
}

std::vector<double> AskedShares(const ModelInfo& model) {
  std::vector<double> asked(model.versions.size());
  if (HasWeights(model.traffic.get())) {
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const auto part = std::ranges::find(model.traffic->versions, model.versions[i].version,
                                          &VersionTraffic::version);
      if (part != model.traffic->versions.end()) asked[i] = part->traffic;
    }
    return asked;
  }
  std::vector<std::string> ready;
  std::vector<std::size_t> at;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const VersionState state = model.versions[i].state;
    // An unloaded one is loaded when it is asked for.
    if (state != VersionState::kReady && state != VersionState::kUnloaded) continue;
    ready.push_back(model.versions[i].version);
    at.push_back(i);
  }
  if (ready.empty()) return asked;
  const std::vector<double> shares =
      EffectiveShares(model.traffic ? *model.traffic : TrafficPolicy(), ready);
  for (std::size_t i = 0; i < shares.size(); ++i) asked[at[i]] = shares[i];
  return asked;
}

void TrafficSeen::Follow(const std::string& model, const TrafficPolicy& policy, Counts routed) {
  const std::lock_guard lock(mutex_);
  const auto [at, is_new] = begins_.try_emplace(model);
  if (!is_new && at->second.weights == policy.versions) return;
  at->second = {policy.versions, std::move(routed)};
}

void TrafficSeen::Forget(const std::string& model) {
  const std::lock_guard lock(mutex_);
  begins_.erase(model);
}

std::map<std::string, double> TrafficSeen::Shares(const std::string& model,
                                                  const Counts& routed) const {
  Counts since = routed;
  {
    const std::lock_guard lock(mutex_);
    const auto begin = begins_.find(model);
    if (begin != begins_.end()) {
      for (auto& [version, count] : since) {
        const auto before = begin->second.routed.find(version);
        // A version that was removed and deployed again counts from nothing.
        if (before != begin->second.routed.end() && before->second <= count) {
          count -= before->second;
        }
      }
    }
  }
  std::uint64_t all = 0;
  for (const auto& [version, count] : since) all += count;
  std::map<std::string, double> shares;
  if (all == 0) return shares;
  for (const auto& [version, count] : since) {
    shares[version] = static_cast<double>(count) / static_cast<double>(all);
  }
  return shares;
}

}  // namespace plinth
