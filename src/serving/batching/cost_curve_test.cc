#include "serving/batching/cost_curve.h"

#include <random>

#include <gtest/gtest.h>

namespace plinth {
namespace {

using std::chrono::nanoseconds;

// An affine cost, which the curve should find between and beyond its points.
double Affine(double rows) { return 1'000'000 + 50'000 * rows; }

void Feed(CostCurve& curve, std::int64_t rows, double cost, int times, std::uint64_t& tick) {
  for (int i = 0; i < times; ++i)
    curve.Observe(rows, nanoseconds(static_cast<std::int64_t>(cost)), ++tick);
}

TEST(CostCurveTest, KnowsNothingAtFirst) {
  const CostCurve curve(32);
  EXPECT_TRUE(curve.empty());
  EXPECT_EQ(curve.Cost(4), 0);
  EXPECT_FALSE(curve.Knows(1, 0));
  EXPECT_FALSE(curve.KnowsAny(0));
}

TEST(CostCurveTest, IsStraightBetweenAndBeyondWhatItHasSeen) {
  CostCurve curve(64);
  std::uint64_t tick = 0;
  for (const std::int64_t rows : {1, 8, 20})
    Feed(curve, rows, Affine(static_cast<double>(rows)), 10, tick);
  for (const double rows : {1.0, 3.0, 8.0, 11.5, 20.0, 40.0})
    EXPECT_NEAR(curve.Cost(rows), Affine(rows), 1) << rows;
}

TEST(CostCurveTest, HopesThatHalfOfAnUnknownCostIsFixed) {
  CostCurve curve(64);
  std::uint64_t tick = 0;
  Feed(curve, 4, 8'000, 1, tick);
  EXPECT_DOUBLE_EQ(curve.Cost(4), 8'000);
  EXPECT_DOUBLE_EQ(curve.Cost(8), 12'000);
  EXPECT_DOUBLE_EQ(curve.Cost(2), 6'000);
}

TEST(CostCurveTest, NoiseAndOutliersDoNotMislead) {
  CostCurve curve(32);
  std::mt19937_64 random(3);
  std::lognormal_distribution<double> noise(0, 0.1);
  std::uint64_t tick = 0;
  for (int i = 0; i < 2'000; ++i) {
    const auto rows = static_cast<std::int64_t>(1 + random() % 32);
    const double outlier = random() % 50 == 0 ? 20 : 1;
    Feed(curve, rows, Affine(static_cast<double>(rows)) * noise(random) * outlier, 1, tick);
  }
  for (const double rows : {1.0, 5.0, 16.0, 32.0})
    EXPECT_NEAR(curve.Cost(rows) / Affine(rows), 1, 0.1) << rows;
}

TEST(CostCurveTest, FollowsAChange) {
  CostCurve curve(8);
  std::uint64_t tick = 0;
  Feed(curve, 4, 1'000, 100, tick);
  Feed(curve, 4, 3'000, 150, tick);
  EXPECT_NEAR(curve.Cost(4), 3'000, 60);
}

TEST(CostCurveTest, ForgetsThatItKnewASize) {
  CostCurve curve(64);
  std::uint64_t tick = 0;
  Feed(curve, 1, 1'000, 1, tick);
  Feed(curve, 16, 5'000, 1, tick);
  EXPECT_TRUE(curve.Knows(1, tick));
  EXPECT_TRUE(curve.Knows(10, tick));  // between two that it has seen
  EXPECT_FALSE(curve.Knows(40, tick));
  EXPECT_FALSE(curve.Knows(16, tick + 10'000));
  EXPECT_TRUE(curve.KnowsAny(tick + 10'000));
}

TEST(CostCurveTest, LargerThanTheLargestCountsAsThat) {
  CostCurve curve(8);
  curve.Observe(1'000, nanoseconds(7), 1);
  EXPECT_DOUBLE_EQ(curve.Cost(8), 7);
}

TEST(CostModelTest, KeepsCostsAloneAndBesideOthersApart) {
  CostModel costs(8);
  costs.Observe(1, nanoseconds(100), 0);
  EXPECT_DOUBLE_EQ(costs.Cost(1, 1), 100);  // all that is known
  EXPECT_FALSE(costs.Knows(1, 1));
  costs.Observe(1, nanoseconds(300), 1);
  EXPECT_DOUBLE_EQ(costs.Cost(1, 0), 100);
  EXPECT_DOUBLE_EQ(costs.Cost(1, 1), 300);
  EXPECT_DOUBLE_EQ(costs.Cost(1, 3), 300);
  costs.Observe(1, nanoseconds(1'000), 0.5);  // neither
  EXPECT_DOUBLE_EQ(costs.Cost(1, 0), 100);
  EXPECT_DOUBLE_EQ(costs.Cost(1, 1), 300);
}

TEST(CostModelTest, TriesEverMoreRarelyButNeverStops) {
  CostModel costs(8);
  int early = 0;
  int late = 0;
  for (int i = 0; i < 100'000; ++i) {
    costs.Observe(1, nanoseconds(1), 0);
    (i < 50'000 ? early : late) += costs.MayTry() ? 1 : 0;
  }
  EXPECT_GT(early, late);
  EXPECT_GT(late, 0);
  EXPECT_LT(late, 100);
}

}  // namespace
}  // namespace plinth
