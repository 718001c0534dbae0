#include "telemetry/metrics.h"

namespace plinth::telemetry {
namespace {

constexpr std::int64_t kMicro = 1'000;
constexpr std::int64_t kMilli = 1'000'000;
constexpr std::int64_t kSecond = 1'000'000'000;

constexpr std::int64_t kLatencyBounds[] = {
    5 * kMicro,   10 * kMicro,  20 * kMicro, 50 * kMicro, 100 * kMicro, 200 * kMicro, 500 * kMicro,
    1 * kMilli,   2 * kMilli,   5 * kMilli,  10 * kMilli, 20 * kMilli,  50 * kMilli,  100 * kMilli,
    200 * kMilli, 500 * kMilli, 1 * kSecond, 2 * kSecond, 5 * kSecond,  10 * kSecond};
constexpr std::int64_t kSizeBounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};

constexpr std::size_t kFineParts = 8;

constexpr Buckets kLatency(kLatencyBounds, kSecond);
constexpr Buckets kFineLatency(kLatencyBounds, kSecond, kFineParts);
constexpr Buckets kSize(kSizeBounds, 1);

}  // namespace

const Buckets& LatencyBuckets() { return kLatency; }
const Buckets& FineLatencyBuckets() { return kFineLatency; }
const Buckets& SizeBuckets() { return kSize; }

double Buckets::bound(std::size_t bucket) const {
  if (bucket + 1 >= size_) return std::numeric_limits<double>::infinity();
  return static_cast<double>(bounds_[bucket]) / static_cast<double>(ticks_per_unit_);
}

void Histogram::Observe(double value) {
  const double ticks = value * static_cast<double>(buckets_.ticks_per_unit()) + 0.5;
  // The largest number that both types have; the comparison is false for what is no number.
  constexpr double kMost = 9'223'372'036'854'774'784.0;
  Count(ticks >= 0 ? static_cast<std::int64_t>(std::min(ticks, kMost)) : 0);
}

std::vector<std::uint64_t> Histogram::Cumulative() const {
  std::vector<std::uint64_t> counts(buckets_.size());
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    total += cells_.Sum(1 + i);
    counts[i] = total;
  }
  return counts;
}

double Histogram::sum() const {
  return static_cast<double>(cells_.Sum(0)) / static_cast<double>(buckets_.ticks_per_unit());
}

}  // namespace plinth::telemetry
