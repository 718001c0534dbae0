#include "serving/model_metrics.h"

#include <utility>

#include "telemetry/process_metrics.h"
#include "telemetry/render.h"

namespace plinth {
namespace {

using telemetry::CounterSet;
using telemetry::FixedLabel;
using telemetry::Histogram;

const FixedLabel& CodeLabel() {
  static const FixedLabel label = [] {
    FixedLabel codes{"code", {}};
    for (std::size_t code = 0; code <= static_cast<std::size_t>(Code::kInternal); ++code) {
      codes.values.push_back(InfoOf(static_cast<Code>(code)).name);
    }
    return codes;
  }();
  return label;
}

std::shared_ptr<Histogram> MakeLatency() {
  return std::make_shared<Histogram>(telemetry::LatencyBuckets());
}
// Quantiles are told by it.
std::shared_ptr<Histogram> MakeFineLatency() {
  return std::make_shared<Histogram>(telemetry::FineLatencyBuckets());
}
std::shared_ptr<Histogram> MakeSize() {
  return std::make_shared<Histogram>(telemetry::SizeBuckets());
}

void AppendStates(std::string& text, std::span<const ModelInfo> models) {
  constexpr std::string_view kName = "model_version_state";
  constexpr std::string_view kLabels[] = {"model", "version", "state"};
  constexpr VersionState kStates[] = {VersionState::kLoading,  VersionState::kWarming,
                                      VersionState::kReady,    VersionState::kDraining,
                                      VersionState::kUnloaded, VersionState::kFailed};
  telemetry::AppendHeader(text, kName, "1 for the state that the version is in, 0 for the others.",
                          "gauge");
  for (const ModelInfo& model : models) {
    for (const VersionInfo& version : model.versions) {
      for (const VersionState state : kStates) {
        telemetry::AppendSample(
            text, kName,
            telemetry::LabelText(kLabels, {model.name, version.version, NameOf(state)}),
            version.state == state ? 1 : 0);
      }
    }
  }
}

void AppendBuildInfo(std::string& text, const std::string& version) {
  constexpr std::string_view kName = "plinth_build_info";
  constexpr std::string_view kLabels[] = {"version"};
  telemetry::AppendHeader(text, kName, "The running program; always 1.", "gauge");
  telemetry::AppendSample(text, kName, telemetry::LabelText(kLabels, {version}), 1);
}

}  // namespace

ModelMetrics::ModelMetrics(std::string build_version)
    : build_version_(std::move(build_version)),
      submitted_("model_requests_submitted_total", "Predictions taken in.", {"model", "version"}),
      named_("model_requests_named_total", "Predictions that named their version.",
             {"model", "version"}),
      requests_("model_requests_total", "Predictions asked for, failed ones included.",
                {"model", "version"}),
      errors_("model_errors_total", "Predictions that failed, by error code.", {"model", "version"},
              [] { return std::make_shared<CounterSet>(CodeLabel()); }),
      duration_("model_request_duration_seconds",
                "Time from a request's arrival to its answer, in seconds.", {"model", "version"},
                MakeFineLatency),
      queue_duration_("model_queue_duration_seconds",
                      "Time that a request waited to be executed, in seconds.",
                      {"model", "version"}, MakeLatency),
      execution_duration_("model_execution_duration_seconds",
                          "Time that one execution of the model took, in seconds.",
                          {"model", "version"}, MakeLatency),
      in_flight_("model_requests_in_flight", "Predictions taken in and not answered yet.",
                 {"model", "version"}),
      queue_length_("model_queue_length", "Predictions that wait to be executed.",
                    {"model", "version"}),
      instances_("model_instances", "Executions of the version that may run at once.",
                 {"model", "version"}),
      load_duration_("model_load_duration_seconds",
                     "Time from the start of the version's load until it was ready, in seconds.",
                     {"model", "version"}),
      shadow_requests_("model_shadow_requests_total",
                       "Copies of requests that the version answered as a shadow.",
                       {"model", "version"}),
      shadow_errors_("model_shadow_errors_total", "Copies that failed.", {"model", "version"}),
      shadow_dropped_("model_shadow_dropped_total", "Copies that were not executed.",
                      {"model", "version"}),
      shadow_disagreements_("model_shadow_disagreements_total",
                            "Copies that failed or had another outcome.", {"model", "version"}),
      shadow_max_abs_("model_shadow_max_abs_difference",
                      "Largest difference seen between a number of the shadow and the answer's.",
                      {"model", "version"}),
      batch_size_("model_batch_size", "Rows in one execution of the model.", {"model"}, MakeSize),
      cache_hits_("model_cache_hits_total", "Predictions answered from the cache.", {"model"}),
      cache_misses_("model_cache_misses_total", "Predictions looked for in the cache and executed.",
                    {"model"}),
      cache_joins_("model_cache_joins_total",
                   "Predictions answered by an equal one that was running already.", {"model"}),
      cache_evictions_("model_cache_evictions_total",
                       "Answers that left the cache to make room for others.", {"model"}),
      cache_entries_("model_cache_entries", "Answers in the cache.", {"model"}),
      cache_bytes_("model_cache_bytes", "Memory that the model's cached answers take, in bytes.",
                   {"model"}),
      families_{&requests_,           &errors_,
                &duration_,           &queue_duration_,
                &execution_duration_, &batch_size_,
                &in_flight_,          &queue_length_,
                &instances_,          &load_duration_,
                &shadow_requests_,    &shadow_errors_,
                &shadow_dropped_,     &shadow_disagreements_,
                &shadow_max_abs_,     &cache_hits_,
                &cache_misses_,       &cache_joins_,
                &cache_evictions_,    &cache_entries_,
                &cache_bytes_} {}

VersionMetrics ModelMetrics::For(const std::string& model, const std::string& version) {
  std::shared_ptr<RequestTimings> timings;
  {
    const std::lock_guard lock(timings_mutex_);
    auto& kept = timings_[{model, version}];
    if (kept == nullptr) kept = std::make_shared<RequestTimings>();
    timings = kept;
  }
  return {.submitted = submitted_.At({model, version}),
          .named = named_.At({model, version}),
          .requests = requests_.At({model, version}),
          .errors = errors_.At({model, version}),
          .duration = duration_.At({model, version}),
          .queue_duration = queue_duration_.At({model, version}),
          .execution_duration = execution_duration_.At({model, version}),
          .batch_size = batch_size_.At({model}),
          .timings = std::move(timings),
          .in_flight = in_flight_.At({model, version}),
          .queue_length = queue_length_.At({model, version}),
          .instances = instances_.At({model, version}),
          .load_duration = load_duration_.At({model, version}),
          .cache_hits = cache_hits_.At({model}),
          .cache_misses = cache_misses_.At({model}),
          .cache_joins = cache_joins_.At({model}),
          .cache_evictions = cache_evictions_.At({model}),
          .cache_entries = cache_entries_.At({model}),
          .cache_bytes = cache_bytes_.At({model})};
}

RequestCounts ModelMetrics::CountsOf(const std::string& model, const std::string& version) const {
  RequestCounts counts;
  const auto read = [&](const Counters& family, std::uint64_t& to) {
    if (const auto counter = family.Find({model, version})) to = counter->value();
  };
  // In this order no failure is without its request, and no answer without what was taken in.
  if (const auto errors = errors_.Find({model, version})) {
    for (std::size_t code = 0; code < CodeLabel().values.size(); ++code) {
      const std::uint64_t failed = errors->value(code);
      counts.errors += failed;
      if (code == static_cast<std::size_t>(Code::kCancelled)) counts.cancelled = failed;
    }
  }
  read(requests_, counts.requests);
  read(named_, counts.named);
  read(submitted_, counts.submitted);
  if (const auto durations = duration_.Find({model, version})) {
    counts.durations = telemetry::HistogramCounts(*durations);
  }
  if (const auto durations = queue_duration_.Find({model, version})) {
    counts.queue_durations = telemetry::HistogramCounts(*durations);
  }
  return counts;
}

TimingTotals ModelMetrics::TimingsOf(const std::string& model, const std::string& version) const {
  const std::lock_guard lock(timings_mutex_);
  const auto timings = timings_.find({model, version});
  return timings == timings_.end() ? TimingTotals() : timings->second->Totals();
}

ShadowMetrics ModelMetrics::ForShadow(const std::string& model, const std::string& version) {
  return {.requests = shadow_requests_.At({model, version}),
          .errors = shadow_errors_.At({model, version}),
          .dropped = shadow_dropped_.At({model, version}),
          .disagreements = shadow_disagreements_.At({model, version}),
          .max_abs = shadow_max_abs_.At({model, version})};
}

void ModelMetrics::Forget(const std::string& model) {
  for (telemetry::MetricFamily* family : families_) family->Remove({model});
  submitted_.Remove({model});
  named_.Remove({model});
  const std::lock_guard lock(timings_mutex_);
  std::erase_if(timings_, [&](const auto& entry) { return entry.first.first == model; });
}

void ModelMetrics::Forget(const std::string& model, const std::string& version) {
  for (telemetry::MetricFamily* family : families_) family->Remove({model, version});
  submitted_.Remove({model, version});
  named_.Remove({model, version});
  const std::lock_guard lock(timings_mutex_);
  timings_.erase({model, version});
}

std::string ModelMetrics::Render(std::span<const ModelInfo> models) const {
  std::string text;
  // Grows little from one time to the next: what doubles on its way copies all once more.
  text.reserve(last_size_.load(std::memory_order_relaxed) * 9 / 8);
  for (const telemetry::MetricFamily* family : families_) family->Render(text);
  AppendStates(text, models);
  telemetry::AppendMetric(text, "plinth_cache_bytes",
                          "Memory that all cached answers take, in bytes.", "gauge",
                          cache_bytes.value());
  telemetry::AppendMetric(text, "plinth_cache_limit_bytes",
                          "Memory that all cached answers may take, in bytes.", "gauge",
                          cache_limit_bytes.value());
  if (!build_version_.empty()) AppendBuildInfo(text, build_version_);
  telemetry::AppendProcessMetrics(text);
  last_size_.store(text.size(), std::memory_order_relaxed);
  return text;
}

}  // namespace plinth
