#include "telemetry/quantile.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace plinth::telemetry {
namespace {

std::optional<double> QuantileOf(const Histogram& histogram, double q) {
  return Quantile(histogram.buckets(), HistogramCounts(histogram), q);
}

TEST(QuantileTest, OfNothingIsNothing) {
  const Histogram histogram(FineLatencyBuckets());
  EXPECT_EQ(QuantileOf(histogram, 0.5), std::nullopt);
  EXPECT_EQ(Quantile(FineLatencyBuckets(), HistogramCounts(), 0.5), std::nullopt);
}

TEST(QuantileTest, IsInTheBucketOfTheValue) {
  constexpr std::int64_t kBounds[] = {10, 20, 40};
  constexpr Buckets kBuckets(kBounds, 1);
  Histogram histogram(kBuckets);
  for (const double value : {5.0, 15.0, 15.0, 30.0}) histogram.Observe(value);
  EXPECT_EQ(QuantileOf(histogram, 0), 0.0);
  EXPECT_EQ(QuantileOf(histogram, 0.25), 10.0);
  EXPECT_EQ(QuantileOf(histogram, 0.5), 15.0);
  EXPECT_EQ(QuantileOf(histogram, 0.75), 20.0);
  EXPECT_EQ(QuantileOf(histogram, 1), 40.0);
}

TEST(QuantileTest, IsOffByAtMostAFifth) {
  std::mt19937 random(7);
  for (const double median : {20e-6, 0.3e-3, 0.051, 1.7}) {
    std::lognormal_distribution<double> spread(std::log(median), 0.3);
    Histogram histogram(FineLatencyBuckets());
    std::vector<double> values;
    for (int i = 0; i < 5'000; ++i) {
      values.push_back(std::clamp(spread(random), 5e-6, 10.0));
      histogram.Observe(values.back());
    }
    std::ranges::sort(values);
    for (const double q : {0.5, 0.95, 0.99}) {
      const double exact = values[static_cast<std::size_t>(q * 5'000) - 1];
      EXPECT_NEAR(*QuantileOf(histogram, q) / exact, 1, 0.2) << median << " " << q;
    }
  }
}

TEST(QuantileTest, OverTheLastBoundTheSumTells) {
  Histogram histogram(FineLatencyBuckets());
  for (int i = 0; i < 10; ++i) histogram.Observe(60.0);
  EXPECT_NEAR(*QuantileOf(histogram, 0.99), 60.0, 1e-6);
  histogram.Observe(1.0);
  EXPECT_NEAR(*QuantileOf(histogram, 0.99), 60.0, 0.1);
}

TEST(QuantileTest, CountsSinceAMomentKnowNothingOfWhatWasBefore) {
  Histogram histogram(FineLatencyBuckets());
  for (int i = 0; i < 1'000; ++i) histogram.Observe(5.0);
  const HistogramCounts before(histogram);
  EXPECT_EQ(HistogramCounts(histogram).Since(before).total(), 0u);
  for (int i = 0; i < 10; ++i) histogram.Observe(0.001);
  const HistogramCounts since = HistogramCounts(histogram).Since(before);
  EXPECT_EQ(since.total(), 10u);
  EXPECT_NEAR(since.sum, 0.01, 1e-9);
  EXPECT_LE(*Quantile(FineLatencyBuckets(), since, 0.99), 0.001);
  EXPECT_EQ(HistogramCounts(histogram).Since({}).total(), 1'010u);
}

}  // namespace
}  // namespace plinth::telemetry
