#include "serving/release/rollout.h"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using Action = RolloutDecision::Action;
using Target = RolloutObservation::Target;
using Weights = std::vector<VersionTraffic>;

const std::vector<std::string> kReady = {"v1", "v2", "v3"};

RolloutPlan PlanTo(std::string version) {
  return {.to = std::move(version), .steps = {0.1, 0.5, 1}, .every_s = 60, .abort_if = {}};
}

// Version, traffic, shadow.
auto Is(const char* version, double traffic, double shadow = 0) {
  return testing::AllOf(testing::Field(&VersionTraffic::version, version),
                        testing::Field(&VersionTraffic::traffic, testing::DoubleEq(traffic)),
                        testing::Field(&VersionTraffic::shadow, shadow));
}

TEST(RolloutTest, TakesOverFromTheNewestWhereNoWeightsAreGiven) {
  auto rollout = BeginRollout(PlanTo("v3"), {}, kReady);
  ASSERT_TRUE(rollout) << rollout.error().message;
  EXPECT_THAT(rollout->before, ElementsAre(Is("v2", 1), Is("v3", 0)));
  EXPECT_THAT(WeightsOf(*rollout), ElementsAre(Is("v2", 0.9), Is("v3", 0.1)));
  // The newest is not always the one that is rolled out.
  rollout = BeginRollout(PlanTo("v1"), {}, kReady);
  ASSERT_TRUE(rollout);
  EXPECT_THAT(rollout->before, ElementsAre(Is("v1", 0), Is("v3", 1)));
}

TEST(RolloutTest, WeightsOfShadowsOnlyAreNone) {
  const Weights weights = {{"v1", 0, 0.5}, {"v2", 0, 0.5}};
  const auto rollout = BeginRollout(PlanTo("v3"), weights, kReady);
  ASSERT_TRUE(rollout);
  EXPECT_THAT(rollout->before, ElementsAre(Is("v1", 0, 0.5), Is("v2", 1), Is("v3", 0)));
}

TEST(RolloutTest, TheOthersKeepTheirProportions) {
  const Weights weights = {{"v1", 0.6}, {"v2", 0.2}, {"v3", 0.2}};
  auto rollout = BeginRollout(PlanTo("v3"), weights, kReady);
  ASSERT_TRUE(rollout);
  EXPECT_THAT(WeightsOf(*rollout), ElementsAre(Is("v1", 0.675), Is("v2", 0.225), Is("v3", 0.1)));
  rollout->step = 1;
  EXPECT_THAT(WeightsOf(*rollout), ElementsAre(Is("v1", 0.375), Is("v2", 0.125), Is("v3", 0.5)));
  rollout->step = 2;
  rollout->state = Rollout::State::kCompleted;
  EXPECT_THAT(WeightsOf(*rollout), ElementsAre(Is("v1", 0), Is("v2", 0), Is("v3", 1)));
  rollout->state = Rollout::State::kRolledBack;
  EXPECT_EQ(WeightsOf(*rollout), weights);
}

TEST(RolloutTest, SumsStayOneAtEveryStep) {
  auto plan = PlanTo("v3");
  plan.steps = {1e-9, 0.01, 1.0 / 3, 0.999999};
  auto rollout = BeginRollout(plan, {{"v1", 1.0 / 3}, {"v2", 2.0 / 3}}, kReady);
  ASSERT_TRUE(rollout);
  for (; rollout->step < plan.steps.size(); ++rollout->step) {
    double sum = 0;
    for (const VersionTraffic& part : WeightsOf(*rollout)) sum += part.traffic;
    EXPECT_NEAR(sum, 1, 1e-12);
  }
}

TEST(RolloutTest, ALimitOnDisagreementCopiesRequestsToTheVersion) {
  RolloutPlan plan = PlanTo("v2");
  plan.abort_if.disagreement = 0.2;
  auto rollout = BeginRollout(plan, {{"v1", 1}}, kReady);
  ASSERT_TRUE(rollout);
  EXPECT_THAT(WeightsOf(*rollout), ElementsAre(Is("v1", 0.9), Is("v2", 0.1, kMirroredShare)));
  rollout->step = 2;
  rollout->state = Rollout::State::kCompleted;
  EXPECT_THAT(WeightsOf(*rollout), ElementsAre(Is("v1", 0), Is("v2", 1, 0)));
  // A shadow stays one of its share meanwhile, and becomes it again.
  rollout = BeginRollout(plan, {{"v1", 1}, {"v2", 0, 0.7}}, kReady);
  ASSERT_TRUE(rollout);
  EXPECT_THAT(WeightsOf(*rollout), ElementsAre(Is("v1", 0.9), Is("v2", 0.1, 0.7)));
  rollout->state = Rollout::State::kRolledBack;
  EXPECT_THAT(WeightsOf(*rollout), ElementsAre(Is("v1", 1), Is("v2", 0, 0.7)));
}

TEST(RolloutTest, CannotBeginWithoutAReadyVersionOrOneToTakeOverFrom) {
  const auto message = [](const Weights& weights, std::vector<std::string> ready) {
    const auto rollout = BeginRollout(PlanTo("v2"), weights, ready);
    EXPECT_FALSE(rollout);
    EXPECT_EQ(rollout.error().code, Code::kFailedPrecondition);
    return rollout.error().message;
  };
  EXPECT_THAT(message({}, {"v1"}), HasSubstr("'v2': it is not ready"));
  EXPECT_THAT(message({}, {"v2"}), HasSubstr("no other version has traffic"));
  EXPECT_THAT(message({{"v1", 0}, {"v2", 1}}, {"v1", "v2"}), HasSubstr("no other version"));
}

struct Case {
  const char* what;
  RolloutLimits limits;
  RolloutObservation seen;
  int elapsed_s;
  std::size_t step;
  Action action;
  const char* reason;
};

TEST(RolloutTest, DecisionsAreThoseOfTheTable) {
  const RolloutLimits none;
  const RolloutLimits errors{.error_rate = 0.1, .p99_ms = {}, .disagreement = {}};
  const RolloutLimits slow{.error_rate = {}, .p99_ms = 50, .disagreement = {}};
  const RolloutLimits differs{.error_rate = {}, .p99_ms = {}, .disagreement = 0.2};
  const RolloutLimits zero{.error_rate = 0, .p99_ms = {}, .disagreement = 0};
  const Case cases[] = {
      {"nothing seen yet", none, {}, 59, 0, Action::kWait, ""},
      {"a step is over", none, {}, 60, 0, Action::kStep, ""},
      {"the last but one is over", none, {}, 60, 1, Action::kStep, ""},
      {"the last is over", none, {}, 60, 2, Action::kComplete, ""},
      {"no limits, all fail", none, {.requests = 99, .errors = 99}, 60, 0, Action::kStep, ""},

      {"too few", errors, {.requests = 9, .errors = 9}, 1, 0, Action::kWait, ""},
      {"enough",
       errors,
       {.requests = 10, .errors = 2},
       1,
       0,
       Action::kRollBack,
       "error_rate is 0.2 (2 of 10 requests), more than 0.1"},
      {"at the limit", errors, {.requests = 10, .errors = 1}, 60, 0, Action::kStep, ""},
      {"few at the end",
       errors,
       {.requests = 1, .errors = 1},
       60,
       2,
       Action::kRollBack,
       "error_rate is 1 (1 of 1 requests), more than 0.1"},
      {"none at the end", errors, {}, 60, 2, Action::kComplete, ""},
      {"no error is allowed",
       zero,
       {.requests = 1'000, .errors = 1},
       1,
       0,
       Action::kRollBack,
       "error_rate is 0.001 (1 of 1000 requests), more than 0"},
      {"no error is allowed, none seen", zero, {.requests = 1'000}, 60, 0, Action::kStep, ""},

      {"slow",
       slow,
       {.requests = 10, .p99_ms = 50.5},
       1,
       0,
       Action::kRollBack,
       "p99_ms is 50.5 (of 10 requests), more than 50"},
      {"as slow as allowed", slow, {.requests = 10, .p99_ms = 50}, 60, 0, Action::kStep, ""},
      {"few are slow", slow, {.requests = 9, .p99_ms = 99}, 1, 0, Action::kWait, ""},
      {"few are slow at the end",
       slow,
       {.requests = 9, .p99_ms = 99},
       60,
       0,
       Action::kRollBack,
       "p99_ms is 99 (of 9 requests), more than 50"},
      {"none has an answer yet", slow, {.in_flight = 3}, 600, 0, Action::kWait, ""},
      {"few have, some not yet",
       slow,
       {.requests = 9, .p99_ms = 1, .in_flight = 1},
       60,
       0,
       Action::kWait,
       ""},
      {"enough have",
       slow,
       {.requests = 10, .p99_ms = 1, .in_flight = 5},
       60,
       0,
       Action::kStep,
       ""},

      {"other outcomes",
       differs,
       {.copies = 10, .disagreed = 3},
       1,
       0,
       Action::kRollBack,
       "disagreement is 0.3 (3 of 10 copies), more than 0.2"},
      {"some other outcomes", differs, {.copies = 10, .disagreed = 2}, 60, 0, Action::kStep, ""},
      {"few copies", differs, {.copies = 9, .disagreed = 9}, 1, 0, Action::kWait, ""},
      {"few copies at the end",
       differs,
       {.copies = 1, .disagreed = 1},
       60,
       0,
       Action::kRollBack,
       "disagreement is 1 (1 of 1 copies), more than 0.2"},
      {"copies hang", differs, {.copies_in_flight = 1}, 600, 0, Action::kWait, ""},
      {"copies that nobody judges hang", errors, {.copies_in_flight = 1}, 60, 0, Action::kStep, ""},

      {"removed",
       none,
       {.target = Target::kRemoved},
       0,
       0,
       Action::kRollBack,
       "version 'v2' was removed"},
      {"failed",
       none,
       {.target = Target::kFailed, .failure = "no such file"},
       0,
       0,
       Action::kRollBack,
       "version 'v2' failed to load: no such file"},
      {"loading after a restart",
       errors,
       {.target = Target::kNotYet, .requests = 10, .errors = 10},
       600,
       0,
       Action::kWait,
       ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    RolloutPlan plan = PlanTo("v2");
    plan.abort_if = c.limits;
    const RolloutDecision decision = DecideRollout(plan, c.step, seconds(c.elapsed_s), c.seen);
    EXPECT_EQ(decision.action, c.action);
    EXPECT_EQ(decision.reason, c.reason);
  }
}

TEST(RolloutTest, StepsMayBePartsOfASecond) {
  RolloutPlan plan = PlanTo("v2");
  plan.every_s = 0.05;
  EXPECT_EQ(DecideRollout(plan, 0, std::chrono::milliseconds(49), {}).action, Action::kWait);
  EXPECT_EQ(DecideRollout(plan, 0, std::chrono::milliseconds(50), {}).action, Action::kStep);
}

TEST(RolloutTest, SummariesSayWhatWasSeen) {
  EXPECT_EQ(Summary(RolloutObservation()), "0 requests, 0 errors");
  EXPECT_EQ(Summary(RolloutObservation{
                .requests = 120, .errors = 3, .p99_ms = 12.5, .copies = 10, .disagreed = 1}),
            "120 requests, 3 errors, p99 12.5 ms, 1 of 10 copies disagreed");
}

}  // namespace
}  // namespace plinth
