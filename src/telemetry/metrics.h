// What is counted with: counters, gauges, histograms. Everything here may be called from any
// thread at any time and takes no lock. Counters and histograms are written core by core
// (stripes.h) and summed up when they are read.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "telemetry/stripes.h"

namespace plinth::telemetry {

// Only rises.
class Counter {
 public:
  static constexpr std::string_view kType = "counter";

  void Add(std::uint64_t n = 1) { cells_.Add(0, n); }
  std::uint64_t value() const { return cells_.Sum(0); }

 private:
  StripedCells cells_{1};
};

// A label whose values are known beforehand; each is meant by its index.
struct FixedLabel {
  std::string_view name;
  std::vector<std::string_view> values;
};

// A counter for each value of a label; shown are those that have counted.
class CounterSet {
 public:
  static constexpr std::string_view kType = "counter";

  // `label` outlives the set.
  explicit CounterSet(const FixedLabel& label) : label_(label), cells_(label.values.size()) {}

  void Add(std::size_t index) { cells_.Add(index, 1); }
  const FixedLabel& label() const { return label_; }
  std::uint64_t value(std::size_t index) const { return cells_.Sum(index); }

 private:
  const FixedLabel& label_;
  StripedCells cells_;
};

// Goes up and down.
class Gauge {
 public:
  static constexpr std::string_view kType = "gauge";

  void Set(double value) { value_.store(value, std::memory_order_relaxed); }
  void Add(double n) { value_.fetch_add(n, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// The bounds of a histogram in whole ticks, of which `ticks_per_unit` make the unit that is shown:
// times are kept in nanoseconds and shown in seconds. Bounds are inclusive and rise; +Inf is
// implied.
class Buckets {
 public:
  static constexpr std::size_t kMaxBounds = 31;

  // Requires at most kMaxBounds, rising.
  constexpr Buckets(std::span<const std::int64_t> bounds, std::int64_t ticks_per_unit)
      : ticks_per_unit_(ticks_per_unit), size_(bounds.size() + 1) {
    bounds_.fill(std::numeric_limits<std::int64_t>::max());
    std::ranges::copy(bounds, bounds_.begin());
    for (std::size_t width = 0; width < first_.size(); ++width) {
      const std::uint64_t least = width == 0 ? 0 : std::uint64_t{1} << (width - 1);
      while (std::size_t{first_[width]} + 1 < size_ &&
             static_cast<std::uint64_t>(bounds_[first_[width]]) < least) {
        ++first_[width];
      }
    }
  }

  std::int64_t ticks_per_unit() const { return ticks_per_unit_; }
  // How many buckets there are, +Inf among them.
  std::size_t size() const { return size_; }
  // Upper bound of a bucket in units; infinite for the last.
  double bound(std::size_t bucket) const;

  // The bucket of a value, which is not negative. Its highest bit says where to look; bounds that
  // at least double leave at most one comparison to be taken.
  std::size_t IndexOf(std::int64_t ticks) const {
    std::size_t bucket = first_[std::bit_width(static_cast<std::uint64_t>(ticks))];
    while (ticks > bounds_[bucket]) ++bucket;
    return bucket;
  }

 private:
  std::int64_t ticks_per_unit_;
  std::size_t size_;
  std::array<std::int64_t, kMaxBounds + 1> bounds_{};  // what is over: the largest number
  std::array<std::uint8_t, 64> first_{};  // by the width of a value: the lowest bucket it can be in
};

// 5 us to 10 s in steps of 1, 2, 5; in seconds.
const Buckets& LatencyBuckets();
// 1 to 1024 in powers of two.
const Buckets& SizeBuckets();

// How often values of each size occurred.
class Histogram {
 public:
  static constexpr std::string_view kType = "histogram";

  // `buckets` outlives the histogram.
  explicit Histogram(const Buckets& buckets) : buckets_(buckets), cells_(1 + buckets.size()) {}

  // A value in the buckets' unit, counted to the nearest tick; anything under zero as zero.
  void Observe(double value);
  // The same for a histogram whose unit is the second, without arithmetic.
  void Observe(std::chrono::nanoseconds took) { Count(took.count()); }

  const Buckets& buckets() const { return buckets_; }
  // How many values fell at or under each bucket's bound; the last are all.
  std::vector<std::uint64_t> Cumulative() const;
  // Of all values, in the buckets' unit.
  double sum() const;

 private:
  void Count(std::int64_t ticks) {
    ticks = std::max<std::int64_t>(ticks, 0);
    cells_.Add(0, static_cast<std::uint64_t>(ticks), 1 + buckets_.IndexOf(ticks), 1);
  }

  const Buckets& buckets_;
  StripedCells cells_;  // the sum in ticks, then each bucket: what is usual lies in one cache line
};

}  // namespace plinth::telemetry
