#include "serving/release/release_steps.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth {
namespace {

using testing::HasSubstr;
using Action = RolloutDecision::Action;
using Weights = std::vector<VersionTraffic>;

const std::vector<std::string> kReady = {"v1", "v2"};

ReleaseChange Begin() {
  return {.versions = {},
          .sticky = {},
          .labels = {},
          .rollout = RolloutPlan{.to = "v2", .steps = {0.1, 1}, .every_s = 60, .abort_if = {}}};
}
ReleaseChange Set(Weights weights) {
  return {.versions = std::move(weights), .sticky = {}, .labels = {}, .rollout = {}};
}

TrafficPolicy Running() {
  const auto step = ChangeRelease({}, Begin(), kReady);
  EXPECT_TRUE(step);
  return step->policy;
}

TEST(ReleaseStepsTest, ARolloutBeginsAtItsFirstShare) {
  const auto step = ChangeRelease({}, Begin(), kReady);
  ASSERT_TRUE(step);
  EXPECT_EQ(step->policy.versions, (Weights{{"v1", 0.9}, {"v2", 0.1}}));
  EXPECT_EQ(step->policy.ranges.back().end, 1);
  EXPECT_TRUE(HasRunningRollout(step->policy));
  ASSERT_EQ(step->events.size(), 1u);
  EXPECT_EQ(step->events[0].kind, "rollout_started");
  EXPECT_EQ(step->events[0].message, "shares 0.1, 1, each for 60 s");
}

TEST(ReleaseStepsTest, WeightsOfTheSameChangeAreThoseBeforeIt) {
  ReleaseChange change = Begin();
  change.versions = Weights{{"v1", 0.5}, {"v2", 0.5}};
  const auto step = ChangeRelease({}, change, kReady);
  ASSERT_TRUE(step);
  EXPECT_EQ(step->policy.rollout->before, *change.versions);
}

TEST(ReleaseStepsTest, ASecondOneIsRefusedWhileOneRuns) {
  const auto second = ChangeRelease(Running(), Begin(), kReady);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kFailedPrecondition);
  EXPECT_THAT(second.error().message, HasSubstr("to version 'v2' is running (step 1 of 2)"));
  TrafficPolicy over = Running();
  over.rollout->state = Rollout::State::kRolledBack;
  EXPECT_TRUE(ChangeRelease(over, Begin(), kReady));
}

TEST(ReleaseStepsTest, NewWeightsCancelIt) {
  const auto step = ChangeRelease(Running(), Set({{"v1", 0.3}, {"v2", 0.7}}), kReady);
  ASSERT_TRUE(step);
  EXPECT_EQ(step->policy.rollout->state, Rollout::State::kCancelled);
  EXPECT_EQ(step->policy.versions, (Weights{{"v1", 0.3}, {"v2", 0.7}}));
  ASSERT_EQ(step->events.size(), 1u);
  EXPECT_EQ(step->events[0].kind, "rollout_cancelled");
  // Labels do not; and what is over cannot be cancelled.
  ReleaseChange labels;
  labels.labels.emplace().emplace("stable", "v1");
  const auto labelled = ChangeRelease(Running(), labels, kReady);
  ASSERT_TRUE(labelled);
  EXPECT_TRUE(HasRunningRollout(labelled->policy));
  EXPECT_TRUE(labelled->events.empty());
  EXPECT_TRUE(ChangeRelease(step->policy, Set({{"v1", 1}}), kReady)->events.empty());
}

TEST(ReleaseStepsTest, DecisionsMoveTheWeights) {
  const TrafficPolicy first = Running();
  const RolloutObservation seen{.requests = 7};
  const ReleaseStep second = AdvanceRollout(first, {.action = Action::kStep, .reason = {}}, seen);
  EXPECT_EQ(second.policy.versions, (Weights{{"v1", 0}, {"v2", 1}}));
  EXPECT_TRUE(HasRunningRollout(second.policy));
  ASSERT_EQ(second.events.size(), 1u);
  EXPECT_EQ(second.events[0].kind, "rollout_step");
  EXPECT_EQ(second.events[0].message, "step 2 of 2: share 1; seen before: 7 requests, 0 errors");

  const ReleaseStep done =
      AdvanceRollout(second.policy, {.action = Action::kComplete, .reason = {}}, seen);
  EXPECT_EQ(done.policy.versions, second.policy.versions);
  EXPECT_EQ(done.policy.rollout->state, Rollout::State::kCompleted);
  EXPECT_EQ(done.events[0].kind, "rollout_completed");

  const ReleaseStep back =
      AdvanceRollout(second.policy, {.action = Action::kRollBack, .reason = "too slow"}, seen);
  EXPECT_EQ(back.policy.versions, (Weights{{"v1", 1}, {"v2", 0}}));
  EXPECT_EQ(back.policy.rollout->state, Rollout::State::kRolledBack);
  EXPECT_EQ(back.policy.rollout->reason, "too slow");
  EXPECT_EQ(back.events[0].kind, "rolled_back");
  EXPECT_EQ(back.events[0].message, "step 2 of 2: too slow; seen: 7 requests, 0 errors");
}

}  // namespace
}  // namespace plinth
