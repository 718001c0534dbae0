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
// implied. The space up to each bound may be counted in several equal parts, so that quantiles can
// be told closer than the text, which has one sample for each bound, would let one.
class Buckets {
 public:
  static constexpr std::size_t kMaxBounds = 160;

  // Requires at most kMaxBounds / `parts` bounds, rising.
  constexpr Buckets(std::span<const std::int64_t> bounds, std::int64_t ticks_per_unit,
                    std::size_t parts = 1)
      : ticks_per_unit_(ticks_per_unit), parts_(parts), size_(bounds.size() * parts + 1) {
    bounds_.fill(std::numeric_limits<std::int64_t>::max());
    std::int64_t from = 0;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      for (std::size_t part = 1; part <= parts; ++part) {
        bounds_[i * parts + part - 1] = from + (bounds[i] - from) *
                                                   static_cast<std::int64_t>(part) /
                                                   static_cast<std::int64_t>(parts);
      }
      from = bounds[i];
    }
    for (std::size_t key = 0; key < first_.size(); ++key) {
      if (key > 0) first_[key] = first_[key - 1];
      while (std::size_t{first_[key]} + 1 < size_ &&
             static_cast<std::uint64_t>(bounds_[first_[key]]) < LeastOf(key)) {
        ++first_[key];
      }
    }
  }

  std::int64_t ticks_per_unit() const { return ticks_per_unit_; }
  // How many of the buckets lie between two bounds of the text.
  std::size_t parts() const { return parts_; }
  // How many there are, +Inf among them.
  std::size_t size() const { return size_; }
  // Upper bound of a bucket in units; infinite for the last.
  double bound(std::size_t bucket) const;

  // The bucket of a value, which is not negative. Its three highest bits say where to look; few
  // comparisons are left.
  std::size_t IndexOf(std::int64_t ticks) const {
    std::size_t bucket = first_[KeyOf(static_cast<std::uint64_t>(ticks))];
    while (ticks > bounds_[bucket]) ++bucket;
    return bucket;
  }

 private:
  // Numbers values by their three highest bits: 0 to 7 themselves, then four keys to each power of
  // two.
  static constexpr std::size_t KeyOf(std::uint64_t ticks) {
    const auto width = static_cast<std::size_t>(std::bit_width(ticks));
    const std::size_t low_bits = width > 3 ? width - 3 : 0;
    return low_bits * 4 + static_cast<std::size_t>(ticks >> low_bits);
  }
  // The least value of a key.
  static constexpr std::uint64_t LeastOf(std::size_t key) {
    return key < 8 ? key : std::uint64_t{4 + key % 4} << (key / 4 - 1);
  }
  static constexpr std::size_t kKeys = 61 * 4 + 4;  // of values of up to 63 bits

  std::int64_t ticks_per_unit_;
  std::size_t parts_;
  std::size_t size_;
  std::array<std::int64_t, kMaxBounds + 1> bounds_{};  // what is over: the largest number
  std::array<std::uint8_t, kKeys> first_{};  // by key: the lowest bucket that its values can be in
};

// 5 us to 10 s in steps of 1, 2, 5; in seconds.
const Buckets& LatencyBuckets();
// The same in the text, each step counted in eight parts: a quantile is off by at most a fifth.
const Buckets& FineLatencyBuckets();
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
  // How many values fell at or under each bucket's bound; the last are all. Never falls.
  std::vector<std::uint64_t> Cumulative() const;
  // Of all values, in the buckets' unit.
  double sum() const;

 private:
  void Count(std::int64_t ticks) {
    ticks = std::max<std::int64_t>(ticks, 0);
    cells_.Add(0, static_cast<std::uint64_t>(ticks), 1 + buckets_.IndexOf(ticks), 1);
  }

  const Buckets& buckets_;
  StripedCells cells_;  // the sum in ticks, then each bucket
};

}  // namespace plinth::telemetry
