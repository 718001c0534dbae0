#include "serving/release/shadow_record.h"

#include <limits>
#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace plinth {
namespace {

ShadowMetrics MakeMetrics() {
  const auto counter = [] { return std::make_shared<telemetry::Counter>(); };
  return {.requests = counter(),
          .errors = counter(),
          .dropped = counter(),
          .disagreements = counter(),
          .max_abs = std::make_shared<telemetry::Gauge>()};
}

TEST(ShadowRecordTest, ErrorsAreRequestsThatDisagree) {
  const ShadowMetrics metrics = MakeMetrics();
  ShadowRecord record(metrics);
  record.AddError("it broke");
  record.AddComparison({.outcomes = 1, .agreeing = 1});
  record.AddDropped();
  const ShadowFigures figures = record.figures();
  EXPECT_EQ(figures.requests, 2u);
  EXPECT_EQ(figures.errors, 1u);
  EXPECT_EQ(figures.compared(), 1u);
  EXPECT_EQ(figures.disagreed, 1u);
  EXPECT_EQ(figures.dropped, 1u);
  EXPECT_EQ(figures.reason, "it broke");
  EXPECT_EQ(metrics.requests->value(), 2u);
  EXPECT_EQ(metrics.errors->value(), 1u);
  EXPECT_EQ(metrics.disagreements->value(), 1u);
}

TEST(ShadowRecordTest, DifferencesAddUp) {
  const ShadowMetrics metrics = MakeMetrics();
  ShadowRecord record(metrics);
  record.AddComparison({.outcomes = 3, .agreeing = 3, .max_abs = 2, .sum_abs = 3, .finite = 3});
  record.AddComparison({.outcomes = 1, .agreeing = 0, .max_abs = 1, .sum_abs = 1, .finite = 1});
  ShadowFigures figures = record.figures();
  EXPECT_EQ(figures.outcomes, 4u);
  EXPECT_EQ(figures.agreeing, 3u);
  EXPECT_EQ(figures.disagreed, 1u);
  EXPECT_EQ(figures.max_abs, 2);
  EXPECT_EQ(figures.mean_abs, 1);
  EXPECT_EQ(figures.reason, "");
  EXPECT_EQ(metrics.max_abs->value(), 2);
  record.AddComparison({.max_abs = std::numeric_limits<double>::infinity()});
  figures = record.figures();
  EXPECT_EQ(figures.max_abs, std::numeric_limits<double>::infinity());
  EXPECT_EQ(figures.mean_abs, 1) << "of finite differences";
}

TEST(ShadowRecordTest, WhyNothingWasComparedIsKept) {
  ShadowRecord record(MakeMetrics());
  record.AddComparison({.mismatch = "output 'y' is missing"});
  record.AddComparison({.outcomes = 1, .agreeing = 0});
  EXPECT_EQ(record.figures().reason, "output 'y' is missing");
  EXPECT_EQ(record.figures().disagreed, 2u);
  record.AddError(std::string(5'000, 'x'));
  EXPECT_EQ(record.figures().reason.size(), 1'000u);
}

TEST(ShadowRecordTest, SoManyAreInFlightAndNoMore) {
  ShadowRecord record(MakeMetrics());
  EXPECT_TRUE(record.Enter(2));
  EXPECT_TRUE(record.Enter(2));
  EXPECT_FALSE(record.Enter(2));
  EXPECT_EQ(record.figures().in_flight, 2u);
  record.Leave();
  EXPECT_TRUE(record.Enter(2));
}

}  // namespace
}  // namespace plinth
