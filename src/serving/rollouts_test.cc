#include "serving/rollouts.h"

#include <chrono>
#include <fstream>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serving/service_fixture.h"

namespace plinth {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using State = Rollout::State;

// "m" with v1, and v2 that is to take over.
class RolloutsTest : public ServiceTest {
 protected:
  Result<VersionInfo> DeployVersion(const std::string& version, const std::string& text = "",
                                    std::optional<RolloutPlan> rollout = std::nullopt) {
    std::ofstream(dir_ / (version + ".testmodel")) << text;
    DeploySpec spec;
    spec.name = "m";
    spec.version = version;
    spec.path = version + ".testmodel";
    spec.replace = true;
    spec.config.release.rollout = std::move(rollout);
    return DeploySpecNow(std::move(spec));
  }

  static RolloutPlan Plan(double every_s, RolloutLimits limits = {}) {
    return {.to = "v2", .steps = {0.5, 1}, .every_s = every_s, .abort_if = limits};
  }

  // Which version answered, and how.
  std::pair<std::string, bool> Ask(float value = 1) {
    auto routed = service_->Route("m", {});
    EXPECT_TRUE(routed);
    const std::string version = routed->version->version();
    InferRequest request = Request(value);
    request.version = std::move(routed->version);
    request.shadow = std::move(routed->shadow);
    std::promise<bool> done;
    service_->Infer(std::move(request), [&done](const Result<InferResponse>& response) {
      done.set_value(response.has_value());
    });
    return {version, done.get_future().get()};
  }

  // Asks until the rollout is in that state.
  RolloutView AskUntil(State state, float value = 1) {
    for (int i = 0; i < 60'000; ++i) {
      const auto view = service_->DescribeRollout("m");
      EXPECT_TRUE(view);
      if (!view || view->rollout.state == state) return *view;
      Ask(value);
      std::this_thread::sleep_for(milliseconds(1));
    }
    ADD_FAILURE() << "the rollout is not " << NameOf(state);
    return {};
  }

  std::vector<std::string> Kinds() {
    std::promise<Result<std::vector<Event>>> done;
    service_->Events("m", 100, 0, [&done](Result<std::vector<Event>> events) {
      done.set_value(std::move(events));
    });
    std::vector<std::string> kinds;
    const auto events = done.get_future().get();
    EXPECT_TRUE(events);
    for (const Event& event : *events) kinds.insert(kinds.begin(), event.kind);
    return kinds;
  }

  void ExpectAllFrom(const std::string& version) {
    for (int i = 0; i < 20; ++i) EXPECT_EQ(Ask().first, version);
  }
};

TEST_F(RolloutsTest, GoesStepByStepToItsEnd) {
  ASSERT_TRUE(DeployVersion("v1"));
  ASSERT_TRUE(DeployVersion("v2", "", Plan(0.05)));
  const RolloutView done = AskUntil(State::kCompleted);
  EXPECT_EQ(done.rollout.step, 1u);
  EXPECT_EQ(done.share, 1);
  ExpectAllFrom("v2");
  EXPECT_THAT(Kinds(), testing::ElementsAre("deployed", "deployed", "rollout_started",
                                            "rollout_step", "rollout_completed"));
}

TEST_F(RolloutsTest, GoesBackWhereVersionsBehaveBadly) {
  const std::pair<std::string, RolloutLimits> cases[] = {
      {"fail_execute it broke", {.error_rate = 0.1, .p99_ms = {}, .disagreement = {}}},
      {"delay_ms 30", {.error_rate = {}, .p99_ms = 20, .disagreement = {}}},
      {"factor 3", {.error_rate = {}, .p99_ms = {}, .disagreement = 0.1}}};
  ASSERT_TRUE(DeployVersion("v1"));
  for (const auto& [model, limits] : cases) {
    SCOPED_TRACE(model);
    ASSERT_TRUE(DeployVersion("v2", model, Plan(3'600, limits)));
    const RolloutView back = AskUntil(State::kRolledBack);
    EXPECT_THAT(back.rollout.reason, HasSubstr("more than"));
    EXPECT_EQ(back.share, 0);
    ExpectAllFrom("v1");
  }
}

TEST_F(RolloutsTest, ADisagreeingVersionIsFoundByItsCopiesAlone) {
  RolloutPlan plan = Plan(3'600, {.error_rate = {}, .p99_ms = {}, .disagreement = 0.1});
  plan.steps = {1e-9};
  ASSERT_TRUE(DeployVersion("v1"));
  ASSERT_TRUE(DeployVersion("v2", "factor 3", plan));
  EXPECT_THAT(AskUntil(State::kRolledBack).rollout.reason, HasSubstr("disagreement is 1 ("));
}

// What hangs has no answers to be judged by: the step does not end.
TEST_F(RolloutsTest, AHangingVersionGetsNoMore) {
  ASSERT_TRUE(DeployVersion("v1"));
  ASSERT_TRUE(DeployVersion("v2", "delay_ms 60000",
                            Plan(0.05, {.error_rate = {}, .p99_ms = 50, .disagreement = {}})));
  std::atomic<bool> gone = false;
  std::vector<Answered> hanging;
  for (int i = 0; i < 4; ++i) {
    InferRequest request = Request(1);
    request.version = std::move(service_->Route("m", {})->version);
    request.cancelled = [&gone] { return gone.load(); };
    auto promise = std::make_shared<std::promise<Result<InferResponse>>>();
    hanging.push_back(promise->get_future());
    service_->Infer(std::move(request), [promise](Result<InferResponse> response) {
      promise->set_value(std::move(response));
    });
  }
  RolloutView view;
  for (int i = 0; i < 6'000 && view.seen.in_flight == 0; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
    view = *service_->DescribeRollout("m");
  }
  EXPECT_GT(view.seen.in_flight, 0u);
  std::this_thread::sleep_for(milliseconds(100));  // two steps
  view = *service_->DescribeRollout("m");
  EXPECT_EQ(view.rollout.state, State::kRunning);
  EXPECT_EQ(view.rollout.step, 0u);
  gone = true;
  for (Answered& answer : hanging) answer.wait();
}

TEST_F(RolloutsTest, GoesBackWhenTheVersionIsRemoved) {
  ASSERT_TRUE(DeployVersion("v1"));
  ASSERT_TRUE(DeployVersion("v2", "", Plan(3'600)));
  ASSERT_TRUE(Remove("m", "v2"));
  ASSERT_TRUE(DeployVersion("v2"));
  EXPECT_THAT(AskUntil(State::kRolledBack).rollout.reason, HasSubstr("was removed"));
  ExpectAllFrom("v1");
  ASSERT_TRUE(Remove("m", ""));
  EXPECT_EQ(service_->DescribeRollout("m").error().code, Code::kNotFound);
}

TEST_F(RolloutsTest, AReloadInBetweenChangesNothing) {
  ASSERT_TRUE(DeployVersion("v1"));
  ASSERT_TRUE(
      DeployVersion("v2", "", Plan(0.3, {.error_rate = 0, .p99_ms = {}, .disagreement = {}})));
  for (int i = 0; i < 3; ++i) {
    std::promise<Result<std::vector<VersionInfo>>> done;
    service_->Reload("m", "", [&done](Result<std::vector<VersionInfo>> reloaded) {
      done.set_value(std::move(reloaded));
    });
    ASSERT_TRUE(done.get_future().get());
  }
  AskUntil(State::kCompleted);
}

TEST_F(RolloutsTest, TheSameDeploymentAgainIsNoSecondRollout) {
  ASSERT_TRUE(DeployVersion("v1"));
  ASSERT_TRUE(DeployVersion("v2", "", Plan(3'600)));
  ASSERT_TRUE(DeployVersion("v2", "", Plan(3'600)));
  EXPECT_EQ(service_->DescribeRollout("m")->rollout.state, State::kRunning);
  const auto other = DeployVersion("v2", "", Plan(1'800));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Code::kFailedPrecondition);
}

TEST_F(RolloutsTest, WhoHasAllAlreadyIsDeployedWithoutOne) {
  const auto alone = DeployVersion("v2", "", Plan(0.05));
  ASSERT_TRUE(alone);
  EXPECT_THAT(alone->warnings, testing::Contains(HasSubstr("no other version")));
  ASSERT_TRUE(DeployVersion(
      "v1", "", RolloutPlan{.to = "v1", .steps = {1}, .every_s = 0.05, .abort_if = {}}));
  AskUntil(State::kCompleted);
  const auto again = DeployVersion(
      "v1", "factor 3", RolloutPlan{.to = "v1", .steps = {1}, .every_s = 0.05, .abort_if = {}});
  ASSERT_TRUE(again);
  EXPECT_THAT(again->warnings, testing::Contains(HasSubstr("no other version has traffic")));
  ExpectAllFrom("v1");
}

TEST_F(RolloutsTest, FiguresTellWhatWasAskedAndSeen) {
  ASSERT_TRUE(DeployVersion("v1"));
  for (int i = 0; i < 10; ++i) Ask();
  ASSERT_TRUE(DeployVersion("v2", "fail_on 7", Plan(3'600)));
  for (int i = 0; i < 20; ++i) Ask(7);
  const auto model = service_->Describe("m");
  ASSERT_TRUE(model);
  const std::vector<VersionFigures> figures = service_->Figures(*model);
  ASSERT_EQ(figures.size(), 2u);
  EXPECT_EQ(figures[0].requests, 20u);
  EXPECT_EQ(figures[1].requests, 10u);
  EXPECT_EQ(figures[1].errors, 10u);
  EXPECT_EQ(figures[0].asked, 0.5);
  EXPECT_EQ(figures[0].seen, 0.5);
  EXPECT_GT(figures[1].p99_ms, 0.0);
  EXPECT_FALSE(figures[1].shadow);
}

}  // namespace
}  // namespace plinth
