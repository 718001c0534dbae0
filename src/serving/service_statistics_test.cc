// What a Service counts for Open Inference's statistics.
#include <vector>

#include "base/utc_time.h"
#include "serving/service_fixture.h"

namespace plinth {
namespace {

class ServiceStatisticsTest : public ServiceTest {
 protected:
  VersionStatistics Statistics() const {
    const auto statistics = service_->Statistics(*service_->Describe("m"));
    EXPECT_EQ(statistics.size(), 1U);
    return statistics.at(0);
  }
};

TEST_F(ServiceStatisticsTest, NothingCameYet) {
  ASSERT_TRUE(Deploy(""));
  const VersionStatistics none = Statistics();
  EXPECT_EQ(none.version, "v1");
  EXPECT_EQ(none.last_inference_ms, 0);
  EXPECT_EQ(none.success, Timing());
  EXPECT_TRUE(none.batches.empty());
}

TEST_F(ServiceStatisticsTest, RequestsThatRunTogetherAreOneExecution) {
  ModelConfig config = Config(0, 1);
  config.batch_size = 8;
  ASSERT_TRUE(Deploy("delay_ms 20\n", config));
  const std::int64_t before = NowMs();
  std::vector<Answered> answers;
  answers.reserve(9);
  for (int i = 0; i < 9; ++i) answers.push_back(Start(static_cast<float>(i)));
  for (Answered& answer : answers) ASSERT_TRUE(answer.get());

  const VersionStatistics seen = Statistics();
  EXPECT_GE(seen.last_inference_ms, before - 1);
  EXPECT_LE(seen.last_inference_ms, NowMs());
  EXPECT_EQ(seen.inferences, 9U);
  EXPECT_EQ(seen.executions, 2U);  // the first, who found it idle, and all others
  EXPECT_EQ(seen.success.count, 9U);
  EXPECT_EQ(seen.fail, Timing());
  EXPECT_EQ(seen.queue.count, 9U);
  EXPECT_GE(seen.queue.ns, 8U * 10'000'000);
  EXPECT_EQ(seen.compute.count, 9U);
  EXPECT_GE(seen.compute.ns, 9U * 20'000'000);
  EXPECT_GT(seen.input.ns, 0U);
  EXPECT_GT(seen.output.ns, 0U);
  EXPECT_GE(seen.success.ns, seen.queue.ns + seen.compute.ns);
  ASSERT_EQ(seen.batches.size(), 2U);
  EXPECT_EQ(seen.batches[0].rows, 1);
  EXPECT_EQ(seen.batches[1].rows, 8);
  EXPECT_EQ(seen.batches[1].executions, 1U);
}

// Cheap requests, which are executed on the caller's thread, have waited for nothing.
TEST_F(ServiceStatisticsTest, WhatRunsAtOnceHasNotWaited) {
  ASSERT_TRUE(Deploy(""));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Start(1).get());
  const VersionStatistics seen = Statistics();
  EXPECT_EQ(seen.queue.count, 100U);
  EXPECT_LE(seen.queue.ns, seen.success.ns);
}

TEST_F(ServiceStatisticsTest, FailuresAreApart) {
  ModelConfig config = Config(0, 1);
  ASSERT_TRUE(Deploy("fail_on 7\n", config));
  ASSERT_TRUE(Start(1).get());
  EXPECT_EQ(CodeOf(Start(7)), Code::kInvalidArgument);
  InferRequest wrong = Request(1);
  wrong.inputs[0].name = "nobody";
  EXPECT_EQ(CodeOf(Start(std::move(wrong))), Code::kInvalidArgument);

  const VersionStatistics seen = Statistics();
  EXPECT_EQ(seen.success.count, 1U);
  EXPECT_EQ(seen.fail.count, 2U);
  EXPECT_GT(seen.fail.ns, 0U);
  EXPECT_EQ(seen.queue.count, 1U);
  EXPECT_EQ(seen.compute.count, 1U);
  EXPECT_EQ(seen.inferences, 1U);
}

TEST_F(ServiceStatisticsTest, AnswersFromTheCacheAreNoInferences) {
  ModelConfig config;
  config.cache_size = 10;
  ASSERT_TRUE(Deploy("", config));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Start(1).get());
  const VersionStatistics seen = Statistics();
  EXPECT_EQ(seen.success.count, 3U);
  EXPECT_EQ(seen.queue.count, 3U);
  EXPECT_EQ(seen.cache_hit.count, 2U);
  EXPECT_EQ(seen.cache_miss.count, 1U);
  EXPECT_EQ(seen.inferences, 1U);
  EXPECT_EQ(seen.compute.count, 1U);
}

// A version that replaces one of its name counts on; one that was removed is forgotten.
TEST_F(ServiceStatisticsTest, CountsOnInItsPlace) {
  ASSERT_TRUE(Deploy(""));
  ASSERT_TRUE(Start(1).get());
  ASSERT_TRUE(Deploy("", {}, true));
  ASSERT_TRUE(Start(1).get());
  EXPECT_EQ(Statistics().success.count, 2U);
  ASSERT_TRUE(Remove("m"));
  ASSERT_TRUE(Deploy(""));
  EXPECT_EQ(Statistics().success.count, 0U);
  EXPECT_EQ(Statistics().executions, 0U);
}

}  // namespace
}  // namespace plinth
