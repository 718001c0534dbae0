// What is counted of every model, and the text of GET /metrics.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "model/registry.h"
#include "serving/release/shadow_record.h"
#include "serving/request_timings.h"
#include "telemetry/family.h"
#include "telemetry/metrics.h"
#include "telemetry/quantile.h"

namespace plinth {

// The series of one version: kept with it, so that counting looks nothing up and takes no lock.
// Those that are said to be the model's are shared by its versions.
struct VersionMetrics {
  // Of requests. Each is taken in once and answered once: in flight are submitted - requests, if
  // `requests` is read first.
  std::shared_ptr<telemetry::Counter> submitted;             // taken in; not in the text
  std::shared_ptr<telemetry::Counter> named;                 // named their version; nor this
  std::shared_ptr<telemetry::Counter> requests;              // answered, failures included
  std::shared_ptr<telemetry::CounterSet> errors;             // answered with an error, by Code
  std::shared_ptr<telemetry::Histogram> duration;            // from arrival to answer
  std::shared_ptr<telemetry::Histogram> queue_duration;      // waited to be executed
  std::shared_ptr<telemetry::Histogram> execution_duration;  // of an execution
  std::shared_ptr<telemetry::Histogram> batch_size;          // rows of an execution; the model's
  std::shared_ptr<RequestTimings> timings;                   // not in the text

  std::shared_ptr<telemetry::Gauge> in_flight;      // requests
  std::shared_ptr<telemetry::Gauge> queue_length;   // requests
  std::shared_ptr<telemetry::Gauge> instances;      // executions that may run at once
  std::shared_ptr<telemetry::Gauge> load_duration;  // seconds from the load's start to ready

  // The model's answer cache.
  std::shared_ptr<telemetry::Counter> cache_hits;
  std::shared_ptr<telemetry::Counter> cache_misses;
  std::shared_ptr<telemetry::Counter> cache_joins;  // waited for an equal one that was running
  std::shared_ptr<telemetry::Counter> cache_evictions;
  std::shared_ptr<telemetry::Gauge> cache_entries;
  std::shared_ptr<telemetry::Gauge> cache_bytes;

  void CountError(Code code) const { errors->Add(static_cast<std::size_t>(code)); }
};

// What was counted of a version's requests until now.
struct RequestCounts {
  std::uint64_t submitted = 0;  // taken in
  std::uint64_t named = 0;      // of these, those that named their version
  std::uint64_t requests = 0;   // answered
  std::uint64_t errors = 0;     // of these, failed,
  std::uint64_t cancelled = 0;  // and of the failed, those whose client went away
  telemetry::HistogramCounts durations;
  telemetry::HistogramCounts queue_durations;  // of those that were executed

  std::uint64_t routed() const { return submitted > named ? submitted - named : 0; }
  std::uint64_t in_flight() const { return submitted > requests ? submitted - requests : 0; }
};

class ModelMetrics {
 public:
  // `build_version` is shown as plinth_build_info; empty: not shown.
  explicit ModelMetrics(std::string build_version = "");

  // The series of a version, which are in the text from here until they are forgotten.
  VersionMetrics For(const std::string& model, const std::string& version);

  // All 0 if the version has no series.
  RequestCounts CountsOf(const std::string& model, const std::string& version) const;

  // Where the time of a version's requests went, likewise.
  TimingTotals TimingsOf(const std::string& model, const std::string& version) const;

  // Those of a version as a shadow, likewise.
  ShadowMetrics ForShadow(const std::string& model, const std::string& version);

  // The model, or the version, is gone: its series leave the text. What is the model's stays until
  // the model goes.
  void Forget(const std::string& model);
  void Forget(const std::string& model, const std::string& version);

  // All of it, the process's own included, in the Prometheus text format. `models` are those whose
  // versions' states are shown: nothing of them is kept, so none can outlive its version.
  std::string Render(std::span<const ModelInfo> models) const;

  // Of all answer caches together.
  telemetry::Gauge cache_bytes;
  telemetry::Gauge cache_limit_bytes;

 private:
  using Counters = telemetry::Family<telemetry::Counter>;
  using Gauges = telemetry::Family<telemetry::Gauge>;
  using Histograms = telemetry::Family<telemetry::Histogram>;

  const std::string build_version_;
  // By model and version, and errors by code.
  Counters submitted_;  // not in the text
  Counters named_;      // nor this
  Counters requests_;
  telemetry::Family<telemetry::CounterSet> errors_;
  Histograms duration_;
  Histograms queue_duration_;
  Histograms execution_duration_;
  Gauges in_flight_;
  Gauges queue_length_;
  Gauges instances_;
  Gauges load_duration_;
  Counters shadow_requests_;
  Counters shadow_errors_;
  Counters shadow_dropped_;
  Counters shadow_disagreements_;
  Gauges shadow_max_abs_;
  // By model.
  Histograms batch_size_;
  Counters cache_hits_;
  Counters cache_misses_;
  Counters cache_joins_;
  Counters cache_evictions_;
  Gauges cache_entries_;
  Gauges cache_bytes_;
  // Those of the above that are in the text, in its order.
  const std::vector<telemetry::MetricFamily*> families_;
  mutable std::atomic<std::size_t> last_size_{0};  // of the text, in bytes

  mutable std::mutex timings_mutex_;  // guards what follows
  // By model and version.
  std::map<std::pair<std::string, std::string>, std::shared_ptr<RequestTimings>> timings_;
};

}  // namespace plinth
