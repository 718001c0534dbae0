#include "serving/version_statistics.h"

#include <cmath>

namespace plinth {
namespace {

std::uint64_t Nanoseconds(double seconds) {
  return static_cast<std::uint64_t>(std::llround(seconds * 1e9));
}

// What is left of `all` without `part`. The two are read one after the other while requests go on.
Timing Without(const Timing& all, const Timing& part) {
  return {all.count > part.count ? all.count - part.count : 0,
          all.ns > part.ns ? all.ns - part.ns : 0};
}

Timing TimingOf(const telemetry::HistogramCounts& histogram) {
  return {histogram.total(), Nanoseconds(histogram.sum)};
}

}  // namespace

VersionStatistics StatisticsOf(const RequestCounts& counts, const TimingTotals& timings) {
  VersionStatistics statistics;
  statistics.inferences = timings.inferences;
  statistics.executions = timings.executions;
  statistics.success = Without(TimingOf(counts.durations), timings.failed);
  statistics.fail = timings.failed;
  statistics.queue = Without(TimingOf(counts.queue_durations), timings.failed_queue);
  // What the cache answers has waited for nothing.
  statistics.queue.count += timings.hits.count;
  statistics.input = timings.input;
  statistics.compute = timings.compute;
  statistics.output = timings.output;
  statistics.cache_hit = timings.hits;
  statistics.cache_miss = timings.misses;
  statistics.batches = timings.batches;
  return statistics;
}

}  // namespace plinth
