// Models that ask other models while they run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serving/service_fixture.h"

namespace plinth {
namespace {

using testing::HasSubstr;

class ServiceCallsTest : public ServiceTest {
 protected:
  static std::string MessageOf(Answered future) {
    auto answer = future.get();
    return answer ? "an answer" : answer.error().message;
  }
};

TEST_F(ServiceCallsTest, AModelAsksSeveralAtOnce) {
  ASSERT_TRUE(DeployAs("a", "factor 3\n"));
  ASSERT_TRUE(DeployAs("b", "factor 5\n"));
  ASSERT_TRUE(Deploy("waits 1\ncall a b\n"));
  auto answer = Start(2).get();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->outputs[0].tensor.values<float>()[0], 16);
  EXPECT_EQ(Metric("model_requests_total{model=\"a\",version=\"v1\"}"), 1);
  EXPECT_EQ(Metric("model_requests_total{model=\"b\",version=\"v1\"}"), 1);
}

TEST_F(ServiceCallsTest, ItHearsWhyACallFailed) {
  ASSERT_TRUE(Deploy("waits 1\ncall nobody\n"));
  EXPECT_THAT(MessageOf(Start(1)), HasSubstr("NOT_FOUND: model 'nobody'"));
  ASSERT_TRUE(DeployAs("a", "fail_on 7\n"));
  ASSERT_TRUE(Deploy("waits 1\ncall a\n", {}, true));
  EXPECT_THAT(MessageOf(Start(7)), HasSubstr("INVALID_ARGUMENT: x[0] must not be 7"));
  EXPECT_TRUE(Start(8).get());
}

TEST_F(ServiceCallsTest, NobodyAsksWhatWaitsForIt) {
  ASSERT_TRUE(DeployAs("a", "waits 1\ncall m\n"));
  ASSERT_TRUE(Deploy("waits 1\ncall a\n"));
  EXPECT_THAT(MessageOf(Start(1)), HasSubstr("FAILED_PRECONDITION: model 'm' cannot be called"));
  EXPECT_THAT(MessageOf(Start(1)), HasSubstr("m/v1 -> a/v1 -> m/v1"));
  ASSERT_TRUE(Deploy("waits 1\ncall m\n", {}, true));
  EXPECT_THAT(MessageOf(Start(1)), HasSubstr("m/v1 -> m/v1"));
}

TEST_F(ServiceCallsTest, ItMayCallWhenItIsRehearsed) {
  ASSERT_TRUE(DeployAs("a", "fail_on 7\n"));
  ASSERT_TRUE(Deploy("waits 1\ncall a\n"));
  ASSERT_TRUE(Start(1).get());
  EXPECT_TRUE(Deploy("waits 1\ncall a a\n", {}, true));
  ASSERT_TRUE(Start(1).get());
  EXPECT_THAT(Deploy("waits 1\ncall nobody\n", {}, true).error().message,
              HasSubstr("fails a request that the version in its place has answered"));
}

TEST_F(ServiceCallsTest, AChainHasAnEnd) {
  ASSERT_TRUE(DeployAs("m20", "factor 2\n"));
  for (int i = 20; i-- > 0;) {
    const std::string name = std::string("m").append(std::to_string(i));
    const std::string next = std::string("m").append(std::to_string(i + 1));
    ASSERT_TRUE(DeployAs(name, "waits 1\ncall " + next + "\n"));
  }
  ASSERT_TRUE(Deploy("waits 1\ncall m8\n"));
  EXPECT_TRUE(Start(1).get());
  ASSERT_TRUE(Remove("m"));
  ASSERT_TRUE(Deploy("waits 1\ncall m0\n"));
  EXPECT_THAT(MessageOf(Start(1)), HasSubstr("16 deep"));
}

TEST_F(ServiceCallsTest, ACallEndsWithTheDeadlineOfItsCaller) {
  ASSERT_TRUE(DeployAs("a", "delay_ms 300\n", Config(0, 1)));
  ASSERT_TRUE(Deploy("waits 1\ncall a\n", Config(60, 2)));
  auto first = Start(1);
  auto second = Start(1);
  // One of them waits for the only instance of `a`.
  EXPECT_THAT((std::vector{MessageOf(std::move(first)), MessageOf(std::move(second))}),
              testing::UnorderedElementsAre("an answer", HasSubstr("DEADLINE_EXCEEDED")));
}

TEST_F(ServiceCallsTest, OnlyWhatSaysThatItWaitsMayCall) {
  ASSERT_TRUE(DeployAs("a", "factor 3\n"));
  ASSERT_TRUE(Deploy("call a\n"));
  EXPECT_THAT(MessageOf(Start(1)), HasSubstr("FAILED_PRECONDITION"));
}

TEST_F(ServiceCallsTest, WhatIsCalledMayBeReplacedMeanwhile) {
  ASSERT_TRUE(DeployAs("a", "factor 3\n"));
  ASSERT_TRUE(Deploy("waits 1\ncall a a\n", Config(0, 4)));
  std::atomic<bool> stop = false;
  std::jthread replacer([&] {
    for (int i = 0; i < 40; ++i) EXPECT_TRUE(DeployAs("a", "factor 3\n", {}, true));
    stop = true;
  });
  int answers = 0;
  while (!stop) {
    auto one = Start(1);
    auto two = Start(2);
    auto answer = one.get();
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->outputs[0].tensor.values<float>()[0], 6);
    EXPECT_TRUE(two.get());
    ++answers;
  }
  EXPECT_GT(answers, 0);
}

}  // namespace
}  // namespace plinth
