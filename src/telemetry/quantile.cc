#include "telemetry/quantile.h"

#include <algorithm>
#include <cstddef>

namespace plinth::telemetry {
namespace {

double LowerBound(const Buckets& buckets, std::size_t bucket) {
  return bucket == 0 ? 0 : buckets.bound(bucket - 1);
}

std::uint64_t CountIn(const HistogramCounts& counts, std::size_t bucket) {
  return counts.cumulative[bucket] - (bucket == 0 ? 0 : counts.cumulative[bucket - 1]);
}

// What is left of the sum for the values over the last bound, by the middles of the others.
double MeanOverLast(const Buckets& buckets, const HistogramCounts& counts) {
  const std::size_t last = buckets.size() - 1;
  double left = counts.sum;
  for (std::size_t i = 0; i < last; ++i) {
    left -=
        static_cast<double>(CountIn(counts, i)) * (LowerBound(buckets, i) + buckets.bound(i)) / 2;
  }
  return std::max(LowerBound(buckets, last), left / static_cast<double>(CountIn(counts, last)));
}

}  // namespace

HistogramCounts HistogramCounts::Since(const HistogramCounts& earlier) const {
  HistogramCounts since = *this;
  since.sum -= earlier.sum;
  for (std::size_t i = 0; i < earlier.cumulative.size(); ++i) {
    since.cumulative[i] -= earlier.cumulative[i];
  }
  return since;
}

std::optional<double> Quantile(const Buckets& buckets, const HistogramCounts& counts, double q) {
  if (counts.total() == 0) return std::nullopt;
  const double rank = q * static_cast<double>(counts.total());
  std::size_t bucket = 0;
  while (static_cast<double>(counts.cumulative[bucket]) < rank || counts.cumulative[bucket] == 0) {
    ++bucket;
  }
  if (bucket + 1 == buckets.size()) return MeanOverLast(buckets, counts);
  const double lower = LowerBound(buckets, bucket);
  const auto count = static_cast<double>(CountIn(counts, bucket));
  const double before = static_cast<double>(counts.cumulative[bucket]) - count;
  return lower + (buckets.bound(bucket) - lower) * std::max(0.0, rank - before) / count;
}

}  // namespace plinth::telemetry
