// Models that give a request any number of answers.
#include <atomic>
#include <mutex>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serving/service_fixture.h"

namespace plinth {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class TestStream final : public AnswerStream {
 public:
  void Take(std::vector<NamedTensor> outputs, bool last) override {
    const std::lock_guard lock(mutex_);
    taken_.emplace_back(outputs[0].tensor.values<float>()[0], last);
  }
  bool full() const override { return full_; }

  void SetFull(bool full) { full_ = full; }
  std::vector<std::pair<float, bool>> taken() const {
    const std::lock_guard lock(mutex_);
    return taken_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<float, bool>> taken_;
  std::atomic<bool> full_{false};
};

class ServiceDecoupledTest : public ServiceTest {
 protected:
  Answered Ask(InferRequest request) {
    request.stream = stream_;
    return Start(std::move(request));
  }

  const std::shared_ptr<TestStream> stream_ = std::make_shared<TestStream>();
};

TEST_F(ServiceDecoupledTest, AStreamGetsEachAnswer) {
  ASSERT_TRUE(Deploy("answers 3\n"));
  const auto answer = Ask(Request(5)).get();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->outputs.empty());
  EXPECT_THAT(stream_->taken(), ElementsAre(Pair(10, false), Pair(11, false), Pair(12, true)));
  EXPECT_EQ(Metric("model_requests_total{model=\"m\",version=\"v1\"}"), 1);
}

TEST_F(ServiceDecoupledTest, AStreamMayGetNone) {
  ASSERT_TRUE(Deploy("answers 0\n"));
  EXPECT_TRUE(Ask(Request(5)).get());
  EXPECT_TRUE(stream_->taken().empty());
}

TEST_F(ServiceDecoupledTest, WhoWantsOneGetsOneOrIsRefused) {
  ASSERT_TRUE(Deploy("answers 1\n"));
  EXPECT_EQ(Start(Request(5)).get()->outputs[0].tensor.values<float>()[0], 10);
  ASSERT_TRUE(Deploy("answers 2\n", {}, true));
  const auto several = Start(Request(5)).get();
  ASSERT_FALSE(several);
  EXPECT_EQ(several.error().code, Code::kUnimplemented);
  EXPECT_THAT(several.error().message, HasSubstr("several answers"));
  ASSERT_TRUE(Deploy("answers 0\n", {}, true));
  EXPECT_EQ(Start(Request(5)).get().error().code, Code::kInternal);
}

TEST_F(ServiceDecoupledTest, OthersLeaveTheStreamAlone) {
  ASSERT_TRUE(Deploy("factor 2\n"));
  EXPECT_EQ(Ask(Request(5)).get()->outputs[0].tensor.values<float>()[0], 10);
  EXPECT_TRUE(stream_->taken().empty());
}

TEST_F(ServiceDecoupledTest, NothingIsJoinedOrCached) {
  ModelConfig config = Config(0, 1);
  config.batch_timeout_ms = 50;
  config.cache_size = 100;
  const auto info = Deploy("answers 1\ndelay_ms 5\n", config);
  ASSERT_TRUE(info);
  EXPECT_THAT(info->warnings, testing::Contains(HasSubstr("it is decoupled")));
  std::vector<Answered> answers;
  for (int i = 0; i < 5; ++i) answers.push_back(Start(Request(5)));
  for (Answered& answer : answers) EXPECT_FALSE(answer.get()->cached);
  EXPECT_EQ(Metric("model_batch_size_count{model=\"m\"}"), 5);
}

TEST_F(ServiceDecoupledTest, AFullStreamMakesTheModelWait) {
  ASSERT_TRUE(Deploy("answers 2\n"));
  stream_->SetFull(true);
  Answered answer = Ask(Request(5));
  EXPECT_EQ(answer.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  EXPECT_TRUE(stream_->taken().empty());
  stream_->SetFull(false);
  EXPECT_TRUE(answer.get());
  EXPECT_EQ(stream_->taken().size(), 2U);
}

TEST_F(ServiceDecoupledTest, WhatIsFullForTooLongIsGivenUp) {
  ASSERT_TRUE(Deploy("answers 2\n", Config(50, 1)));
  stream_->SetFull(true);
  EXPECT_EQ(Ask(Request(5)).get().error().code, Code::kDeadlineExceeded);
  InferRequest gone = Request(5);
  gone.timeout = std::chrono::seconds(60);
  const auto cancelled = std::make_shared<std::atomic<bool>>(false);
  gone.cancelled = [cancelled] { return cancelled->load(); };
  ASSERT_TRUE(Deploy("answers 2\n", {}, true));
  Answered answer = Ask(std::move(gone));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  cancelled->store(true);
  EXPECT_EQ(answer.get().error().code, Code::kCancelled);
}

TEST_F(ServiceDecoupledTest, AModelMayTakeSeveralAnswersOfAnother) {
  ASSERT_TRUE(DeployAs("a", "answers 3\n"));
  ASSERT_TRUE(Deploy("waits 1\ncall a a\nstreams 1\n"));
  EXPECT_EQ(Start(Request(5)).get()->outputs[0].tensor.values<float>()[0], 2 * (10 + 11 + 12));
  ASSERT_TRUE(DeployAs("a", "factor 3\n", {}, true));
  EXPECT_EQ(Start(Request(5)).get()->outputs[0].tensor.values<float>()[0], 30);
  ASSERT_TRUE(DeployAs("a", "answers 3\n", {}, true));
  ASSERT_TRUE(Remove("m"));
  ASSERT_TRUE(Deploy("waits 1\ncall a\n"));
  EXPECT_THAT(Start(Request(5)).get().error().message, HasSubstr("several answers"));
}

TEST_F(ServiceDecoupledTest, ABadAnswerFailsTheRequest) {
  ASSERT_TRUE(Deploy("answers 2\nbad_output size\n"));
  const auto answer = Ask(Request(5)).get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kInternal);
  EXPECT_THAT(answer.error().message, HasSubstr("output 'y'"));
  EXPECT_TRUE(stream_->taken().empty());
}

}  // namespace
}  // namespace plinth
