// What a histogram has counted, kept to be compared with what it will have counted later.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "telemetry/metrics.h"

namespace plinth::telemetry {

struct HistogramCounts {
  // Of a histogram that has not counted anything.
  HistogramCounts() = default;
  // Of now.
  explicit HistogramCounts(const Histogram& histogram)
      : cumulative(histogram.Cumulative()), sum(histogram.sum()) {}

  std::uint64_t total() const { return cumulative.empty() ? 0 : cumulative.back(); }

  // What was counted since `earlier`, which is of the same histogram.
  HistogramCounts Since(const HistogramCounts& earlier) const;

  // Values at or under each bucket's bound; empty: none at all. Values that are counted while a
  // histogram is read may be missing from the one of the two or the other.
  std::vector<std::uint64_t> cumulative;
  double sum = 0;  // in the buckets' unit
};

// The value that a share `q` (0 to 1) of all values do not exceed, in the buckets' unit, as if the
// values of each bucket were spread evenly over it; those over the last bound are taken to be as
// large as their mean must be by the sum. Nothing if there are no values.
std::optional<double> Quantile(const Buckets& buckets, const HistogramCounts& counts, double q);

}  // namespace plinth::telemetry
