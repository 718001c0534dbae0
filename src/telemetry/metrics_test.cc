#include "telemetry/metrics.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth::telemetry {
namespace {

using testing::ElementsAre;

TEST(HistogramTest, BoundsAreInclusive) {
  constexpr std::int64_t kBounds[] = {10, 20, 40};
  constexpr Buckets kBuckets(kBounds, 10);
  Histogram histogram(kBuckets);
  for (const double value : {0.5, 1.0, 1.5, 4.0, 9.0}) histogram.Observe(value);
  EXPECT_THAT(histogram.Cumulative(), ElementsAre(2, 3, 4, 5));
  EXPECT_EQ(histogram.sum(), 16.0);
}

TEST(HistogramTest, EveryBoundOfEveryScaleSeparates) {
  for (const Buckets* buckets : {&LatencyBuckets(), &FineLatencyBuckets(), &SizeBuckets()}) {
    for (std::size_t i = 0; i + 1 < buckets->size(); ++i) {
      const std::int64_t bound =
          std::llround(buckets->bound(i) * static_cast<double>(buckets->ticks_per_unit()));
      EXPECT_EQ(buckets->IndexOf(bound), i);
      EXPECT_EQ(buckets->IndexOf(bound + 1), i + 1);
      EXPECT_GT(buckets->bound(i + 1), buckets->bound(i));
    }
    EXPECT_EQ(buckets->IndexOf(0), 0u);
    EXPECT_EQ(buckets->IndexOf(std::numeric_limits<std::int64_t>::max()), buckets->size() - 1);
  }
}

TEST(HistogramTest, BoundsMayBeCloseTogetherAndMany) {
  std::int64_t bounds[Buckets::kMaxBounds];
  for (std::size_t i = 0; i < Buckets::kMaxBounds; ++i) bounds[i] = static_cast<std::int64_t>(i);
  const Buckets buckets(bounds, 1);
  for (std::int64_t value = 0; value < 200; ++value) {
    EXPECT_EQ(buckets.IndexOf(value),
              std::min<std::size_t>(static_cast<std::size_t>(value), Buckets::kMaxBounds));
  }
}

TEST(HistogramTest, LatenciesResolveFrom50MicrosecondsTo10Seconds) {
  const Buckets& buckets = LatencyBuckets();
  EXPECT_LE(buckets.bound(0), 10e-6);
  EXPECT_GE(buckets.bound(buckets.size() - 2), 10.0);
  for (std::size_t i = 1; i + 1 < buckets.size(); ++i) {
    EXPECT_LE(buckets.bound(i) / buckets.bound(i - 1), 2.5 + 1e-9);
  }
}

// Between the same bounds there are eight buckets, none wider than a fourth of where it begins.
TEST(HistogramTest, FineLatenciesHaveTheBoundsOfTheCoarse) {
  const Buckets& fine = FineLatencyBuckets();
  const std::size_t parts = fine.parts();
  ASSERT_EQ(fine.size() - 1, (LatencyBuckets().size() - 1) * parts);
  for (std::size_t i = 0; i + 1 < LatencyBuckets().size(); ++i) {
    EXPECT_EQ(fine.bound(i * parts + parts - 1), LatencyBuckets().bound(i));
  }
  for (std::size_t i = parts; i + 1 < fine.size(); ++i) {
    EXPECT_LT(fine.bound(i) / fine.bound(i - 1), 1.25);
  }
}

TEST(HistogramTest, SecondsAndDurationsAreTheSame) {
  using std::chrono::microseconds;
  Histogram seconds(LatencyBuckets());
  Histogram durations(LatencyBuckets());
  for (const int us : {1, 20, 21, 1'000, 30'000'000}) {
    seconds.Observe(us * 1e-6);
    durations.Observe(microseconds(us));
  }
  EXPECT_EQ(seconds.Cumulative(), durations.Cumulative());
  EXPECT_EQ(seconds.sum(), durations.sum());
  EXPECT_EQ(durations.sum(), 30.001042);
}

TEST(HistogramTest, OddValuesAreCountedOnce) {
  Histogram histogram(LatencyBuckets());
  histogram.Observe(-1.0);
  histogram.Observe(std::chrono::nanoseconds(-1));
  histogram.Observe(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(histogram.Cumulative().front(), 3u);
  EXPECT_EQ(histogram.sum(), 0.0);
  histogram.Observe(std::numeric_limits<double>::infinity());
  EXPECT_EQ(histogram.Cumulative().end()[-2], 3u);
  EXPECT_EQ(histogram.Cumulative().back(), 4u);
}

TEST(MetricsTest, CountsOfManyThreadsAddUp) {
  const FixedLabel label{"code", {"A", "B"}};
  Counter counter;
  CounterSet set(label);
  Histogram histogram(SizeBuckets());
  {
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 10'000; ++i) {
          counter.Add();
          set.Add(1);
          histogram.Observe(i % 2 + 1);
        }
      });
    }
  }
  EXPECT_EQ(counter.value(), 40'000u);
  EXPECT_EQ(set.value(0), 0u);
  EXPECT_EQ(set.value(1), 40'000u);
  EXPECT_THAT(histogram.Cumulative(), testing::Contains(20'000u));
  EXPECT_EQ(histogram.Cumulative().back(), 40'000u);
  EXPECT_EQ(histogram.sum(), 60'000.0);
}

TEST(MetricsTest, GaugesGoUpAndDown) {
  Gauge gauge;
  gauge.Set(5);
  gauge.Add(2);
  gauge.Add(-3.5);
  EXPECT_EQ(gauge.value(), 3.5);
}

}  // namespace
}  // namespace plinth::telemetry
