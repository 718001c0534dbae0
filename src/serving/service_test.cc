#include <atomic>
#include <fstream>
#include <thread>
#include <vector>

#include "serving/service_fixture.h"

namespace plinth {
namespace {

using testing::HasSubstr;

TEST_F(ServiceTest, AnswersAreTheModels) {
  const auto info = Deploy("");
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->engine, "test");
  EXPECT_EQ(info->state, VersionState::kReady);
  const auto response = Start(21).get();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->outputs[0].name, "y");
  EXPECT_EQ(response->outputs[0].tensor.values<float>()[0], 42.0f);
}

TEST_F(ServiceTest, EveryAnswerGoesToItsOwnRequest) {
  ASSERT_TRUE(Deploy("delay_ms 1\n"));
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> clients;
    clients.reserve(8);
    for (int t = 0; t < 8; ++t) {
      clients.emplace_back([&, t] {
        for (int i = 0; i < 50; ++i) {
          const auto value = static_cast<float>(t * 1000 + i);
          const auto response = Start(value).get();
          if (!response || response->outputs[0].tensor.values<float>()[0] != 2 * value) ++wrong;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

TEST_F(ServiceTest, AModelThatTakesOneCallAtATimeHasAnInstanceForEachCopy) {
  // The test backend fails a call that comes while another runs on the same copy.
  const auto info = Deploy("concurrent 0\ndelay_ms 2\n", Config(0, 3));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->config.instances.max, 3);
  EXPECT_THAT(info->warnings, testing::Contains(HasSubstr("one call at a time")));
  std::vector<std::future<Result<InferResponse>>> running;
  running.reserve(20);
  for (int i = 0; i < 20; ++i) running.push_back(Start(1));
  for (auto& future : running) EXPECT_TRUE(future.get());
}

TEST_F(ServiceTest, AFullQueueRefusesAtOnce) {
  ASSERT_TRUE(Deploy("delay_ms 100\n", Config(0, 1, 2)));
  std::vector<std::future<Result<InferResponse>>> accepted;
  accepted.reserve(3);
  for (int i = 0; i < 3; ++i) accepted.push_back(Start(1));
  EXPECT_EQ(CodeOf(Start(1)), Code::kResourceExhausted);
  for (auto& future : accepted) EXPECT_TRUE(future.get());
}

TEST_F(ServiceTest, WhatWaitsBeyondItsDeadlineIsNotExecuted) {
  ASSERT_TRUE(Deploy("delay_ms 150\nfail_on 7\n", Config(40, 1)));
  auto first = Start(1);
  auto late = Start(7);  // executing it would give INVALID_ARGUMENT
  EXPECT_EQ(CodeOf(std::move(late)), Code::kDeadlineExceeded);
  // The answer came while the first was still running.
  EXPECT_NE(first.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  EXPECT_TRUE(first.get());
}

TEST_F(ServiceTest, ACancelledRequestIsNotExecuted) {
  ASSERT_TRUE(Deploy("delay_ms 50\nfail_on 7\n", Config(0, 1)));
  auto first = Start(1);
  EXPECT_EQ(CodeOf(Start(7, [] { return true; })), Code::kCancelled);
  EXPECT_TRUE(first.get());
}

TEST_F(ServiceTest, AFailedExecutionFailsOneRequest) {
  ASSERT_TRUE(Deploy("fail_on 7\n"));
  EXPECT_EQ(CodeOf(Start(7)), Code::kInvalidArgument);
  EXPECT_TRUE(Start(8).get());
}

TEST_F(ServiceTest, DeployRefusesWithTheRightCode) {
  EXPECT_EQ(Deploy("fail_load broken\n").error().code, Code::kInvalidModel);
  ASSERT_TRUE(Deploy(""));
  EXPECT_EQ(Deploy("").error().code, Code::kAlreadyExists);
  EXPECT_TRUE(Deploy("", {}, true));
  DeploySpec spec;
  spec.name = "n";
  spec.path = "nothing.testmodel";
  EXPECT_EQ(DeploySpecNow(spec).error().code, Code::kNotFound);
  spec.path = "/etc/passwd";
  EXPECT_EQ(DeploySpecNow(spec).error().code, Code::kPermissionDenied);
  spec.path = "m1.testmodel";
  spec.framework = "caffe";
  EXPECT_THAT(DeploySpecNow(spec).error().message, HasSubstr("'caffe' is unknown"));
  spec.framework = "";
  spec.engine = "../../evil";
  EXPECT_EQ(DeploySpecNow(spec).error().code, Code::kInvalidArgument);
  EXPECT_FALSE(service_->Describe("n"));
}

TEST_F(ServiceTest, MetricsCountAndForget) {
  ASSERT_TRUE(Deploy("fail_on 7\n"));
  Start(1).wait();
  Start(7).wait();
  std::string text = service_->RenderMetrics();
  EXPECT_THAT(text, HasSubstr("model_requests_total{model=\"m\",version=\"v1\"} 2\n"));
  EXPECT_THAT(
      text,
      HasSubstr("model_errors_total{model=\"m\",version=\"v1\",code=\"INVALID_ARGUMENT\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("model_request_duration_seconds_count{model=\"m\",version=\"v1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("model_batch_size_count{model=\"m\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("model_cache_hits_total{model=\"m\"} 0\n"));
  ASSERT_TRUE(Remove("m"));
  EXPECT_THAT(service_->RenderMetrics(), testing::Not(HasSubstr("model=\"m\"")));
}

TEST_F(ServiceTest, ReadyOnceTheStateIsRestored) {
  std::ofstream(dir_ / "slow.testmodel") << "load_ms 50\n";
  StartWith({.put = {{"m", "v1", R"({"path":"slow.testmodel"})"}}});
  ASSERT_TRUE(service_->Restore());
  EXPECT_FALSE(service_->ready());
  AwaitReady();
  EXPECT_TRUE(Start(1).get());
  service_->BeginShutdown();
  EXPECT_FALSE(service_->ready());
}

TEST_F(ServiceTest, WhatCannotBeRestoredIsShownAndStays) {
  StartWith(
      {.put = {{"m", "v1", R"({"path":"gone.testmodel"})"}, {"m", "v2", R"({"of":"later"})"}}});
  ASSERT_TRUE(service_->Restore());
  AwaitReady();
  const auto model = service_->Describe("m");
  ASSERT_TRUE(model);
  ASSERT_EQ(model->versions.size(), 2U);
  EXPECT_EQ(model->versions[0].state, VersionState::kFailed);
  EXPECT_THAT(model->versions[0].error, HasSubstr("gone.testmodel"));
  EXPECT_EQ(model->versions[1].state, VersionState::kFailed);
  EXPECT_THAT(model->versions[1].error, HasSubstr("'of' is unknown"));
  EXPECT_TRUE(Remove("m"));
}

TEST_F(ServiceTest, AStateThatNamesNoModelIsRefused) {
  StartWith({.put = {{"../m", "v1", R"({"path":"x"})"}}});
  const auto restored = service_->Restore();
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().code, Code::kFailedPrecondition);
}

}  // namespace
}  // namespace plinth
