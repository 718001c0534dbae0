#include "serving/request_timings.h"

#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth {
namespace {

using std::chrono::nanoseconds;
using ::testing::ElementsAre;

TEST(RequestTimingsTest, NothingIsNothing) {
  const TimingTotals totals = RequestTimings().Totals();
  EXPECT_EQ(totals.executions, 0U);
  EXPECT_EQ(totals.compute, Timing());
  EXPECT_TRUE(totals.batches.empty());
}

TEST(RequestTimingsTest, ARequestCountsAllOfTheExecutionThatItShared) {
  RequestTimings timings;
  timings.Executed({.rows = 1, .compute = nanoseconds(100)});
  timings.Executed({.rows = 4,
                    .requests = 3,
                    .input = nanoseconds(10),
                    .compute = nanoseconds(200),
                    .output = nanoseconds(20)});
  const TimingTotals totals = timings.Totals();
  EXPECT_EQ(totals.executions, 2U);
  EXPECT_EQ(totals.inferences, 5U);
  EXPECT_EQ(totals.compute, (Timing{4, 100 + 3 * 200}));
  EXPECT_EQ(totals.input, (Timing{4, 3 * 10}));
  EXPECT_EQ(totals.output, (Timing{4, 3 * 20}));
  EXPECT_THAT(
      totals.batches,
      ElementsAre(
          BatchTiming{.rows = 1, .executions = 1, .compute_ns = 100},
          BatchTiming{
              .rows = 4, .executions = 1, .input_ns = 10, .compute_ns = 200, .output_ns = 20}));
}

TEST(RequestTimingsTest, TheLargestSizesAreOne) {
  RequestTimings timings;
  timings.Executed({.rows = RequestTimings::kMostRows});
  timings.Executed({.rows = RequestTimings::kMostRows + 1});
  ASSERT_EQ(timings.Totals().batches.size(), 1U);
  EXPECT_EQ(timings.Totals().batches[0].executions, 2U);
}

TEST(RequestTimingsTest, ThreadsThatMeetLoseNothing) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 2'000;
  RequestTimings timings;
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&timings] {
      for (int round = 0; round < kRounds; ++round) {
        timings.Executed({.rows = round % 100, .compute = nanoseconds(1)});
        timings.Failed(nanoseconds(2));
      }
    });
  }
  threads.clear();
  const TimingTotals totals = timings.Totals();
  EXPECT_EQ(totals.executions, 1U * kThreads * kRounds);
  EXPECT_EQ(totals.compute.ns, 1U * kThreads * kRounds);
  EXPECT_EQ(totals.failed, (Timing{1U * kThreads * kRounds, 2U * kThreads * kRounds}));
  EXPECT_EQ(totals.batches.size(), 100U);
}

}  // namespace
}  // namespace plinth
