// What is known of a version as the shadow of others.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "serving/release/output_comparison.h"
#include "telemetry/metrics.h"

namespace plinth {

// The version's series in GET /metrics.
struct ShadowMetrics {
  std::shared_ptr<telemetry::Counter> requests;       // copies that it answered, failures included
  std::shared_ptr<telemetry::Counter> errors;         // of these, failures
  std::shared_ptr<telemetry::Counter> dropped;        // copies that were not executed
  std::shared_ptr<telemetry::Counter> disagreements;  // other outcomes, and failures
  std::shared_ptr<telemetry::Gauge> max_abs;
};

struct ShadowFigures {
  std::uint64_t requests = 0;   // copies that were answered
  std::uint64_t errors = 0;     // failed ones of these; each is also one that disagreed
  std::uint64_t dropped = 0;    // copies that were not executed
  std::uint64_t in_flight = 0;  // copies that are not answered yet
  std::uint64_t disagreed = 0;
  // As in OutputComparison, over all answers that were compared.
  std::uint64_t outcomes = 0;
  std::uint64_t agreeing = 0;
  double max_abs = 0;
  double mean_abs = 0;
  // Why the last copy failed or could not be compared, of those that did; else empty.
  std::string reason;

  std::uint64_t compared() const { return requests - errors; }
};

// Thread-safe.
class ShadowRecord {
 public:
  explicit ShadowRecord(ShadowMetrics metrics) : metrics_(std::move(metrics)) {}

  // One more copy is in flight, unless `most` are. Whoever got true calls Leave() once.
  bool Enter(std::uint64_t most);
  void Leave() { in_flight_.fetch_sub(1, std::memory_order_relaxed); }

  // What became of a copy: one of these.
  void AddDropped() { metrics_.dropped->Add(); }
  void AddError(std::string_view message);
  void AddComparison(const OutputComparison& comparison);

  ShadowFigures figures() const;

 private:
  // Requires mutex_.
  void AddDisagreement(std::string_view reason);

  const ShadowMetrics metrics_;
  std::atomic<std::uint64_t> in_flight_{0};
  mutable std::mutex mutex_;  // guards what follows
  ShadowFigures figures_;     // but for dropped, in_flight and mean_abs
  double sum_abs_ = 0;
  std::uint64_t finite_ = 0;
};

}  // namespace plinth
