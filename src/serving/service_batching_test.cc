// Joining, splitting, priorities and instances, seen from outside: through a Service and the test
// backend, whose y = 2 * x tells whose rows an answer holds.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "serving/service_fixture.h"

namespace plinth {
namespace {

using std::chrono::milliseconds;

class ServiceBatchingTest : public ServiceTest {
 protected:
  // Whether the answer holds the doubles of these rows, and nothing else.
  static bool IsAnswerTo(const InferResponse& response, const Tensor& asked) {
    if (response.outputs.size() != 1) return false;
    const Tensor& y = response.outputs[0].tensor;
    return y.shape() == asked.shape() &&
           std::ranges::equal(y.values<float>(), asked.values<float>(),
                              [](float a, float b) { return a == 2 * b; });
  }

  // Whether a request with this input is executed on the thread that submits it.
  bool RunsHere(const Tensor& x) {
    InferRequest request;
    request.version = *service_->Resolve("m", "");
    request.inputs = {{"x", x}};
    std::promise<std::thread::id> thread;
    service_->Infer(std::move(request), [&thread](const Result<InferResponse>&) {
      thread.set_value(std::this_thread::get_id());
    });
    return thread.get_future().get() == std::this_thread::get_id();
  }

  double Executions() const { return Metric("model_batch_size_count{model=\"m\"}"); }
  double Rows() const { return Metric("model_batch_size_sum{model=\"m\"}"); }
};

TEST_F(ServiceBatchingTest, WithoutABatchDimensionNothingIsJoinedOrSplit) {
  ModelConfig config = Config(0, 1);
  config.batch_size = 0;
  ASSERT_TRUE(Deploy("delay_ms 2\n", config));
  std::vector<Answered> answers;
  for (int i = 0; i < 5; ++i) {
    InferRequest request;
    request.inputs = {{"x", Numbers(i + 1, 3, 1)}};
    answers.push_back(Start(std::move(request)));
  }
  for (int i = 0; i < 5; ++i) {
    const auto answer = answers[static_cast<std::size_t>(i)].get();
    ASSERT_TRUE(answer);
    EXPECT_TRUE(IsAnswerTo(*answer, Numbers(i + 1, 3, 1)));
  }
  EXPECT_EQ(Executions(), 5);
}

TEST_F(ServiceBatchingTest, WhatWaitsTogetherRunsTogether) {
  ModelConfig config = Config(0, 1);
  config.batch_size = 8;
  ASSERT_TRUE(Deploy("delay_ms 10\n", config));
  std::vector<Answered> answers;
  answers.reserve(17);
  for (int i = 0; i < 17; ++i) answers.push_back(Start(static_cast<float>(i)));
  for (int i = 0; i < 17; ++i) {
    const auto answer = answers[static_cast<std::size_t>(i)].get();
    ASSERT_TRUE(answer);
    EXPECT_TRUE(IsAnswerTo(*answer, Numbers(1, 1, static_cast<float>(i))));
  }
  EXPECT_EQ(Executions(), 3);  // the first, who found it idle, and two of eight
  EXPECT_EQ(Rows(), 17);
}

TEST_F(ServiceBatchingTest, ABatchSizeOfOneJoinsNothing) {
  ModelConfig config = Config(0, 1);
  config.batch_size = 1;
  ASSERT_TRUE(Deploy("delay_ms 1\n", config));
  std::vector<Answered> answers;
  answers.reserve(5);
  for (int i = 0; i < 5; ++i) answers.push_back(Start(1));
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
  EXPECT_EQ(Executions(), 5);
}

TEST_F(ServiceBatchingTest, ALargeRequestRunsInPartsAndComesBackWhole) {
  ModelConfig config = Config(0, 2);
  config.batch_size = 4;
  ASSERT_TRUE(Deploy("delay_ms 1\n", config));
  InferRequest request;
  const Tensor asked = Numbers(11, 3, 0);
  request.inputs = {{"x", asked}};
  const auto answer = Start(std::move(request)).get();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(IsAnswerTo(*answer, asked));
  EXPECT_EQ(Executions(), 3);
  EXPECT_EQ(Metric("model_requests_total{model=\"m\",version=\"v1\"}"), 1);
}

TEST_F(ServiceBatchingTest, OneBadRequestDoesNotFailItsNeighbours) {
  ASSERT_TRUE(Deploy("delay_ms 20\nfail_on 7\n", Config(0, 1)));
  std::vector<Answered> answers;
  answers.push_back(Start(0));
  for (int i = 5; i < 10; ++i) answers.push_back(Start(static_cast<float>(i)));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const auto answer = answers[i].get();
    EXPECT_EQ(answer.has_value(), i != 3);
    if (!answer) {
      EXPECT_EQ(answer.error().code, Code::kInvalidArgument);
    }
  }
}

TEST_F(ServiceBatchingTest, HighPriorityOvertakes) {
  ModelConfig config = Config(0, 1);
  config.batch_size = 1;
  ASSERT_TRUE(Deploy("delay_ms 20\n", config));
  std::mutex mutex;
  std::vector<int> order;
  const auto ask = [&](int number, Priority priority) {
    InferRequest request = Request(static_cast<float>(number));
    request.version = *service_->Resolve("m", "");
    request.priority = priority;
    auto promise = std::make_shared<std::promise<void>>();
    auto answered = promise->get_future();
    service_->Infer(std::move(request), [&, promise, number](const Result<InferResponse>&) {
      {
        const std::lock_guard lock(mutex);
        order.push_back(number);
      }
      promise->set_value();
    });
    return answered;
  };
  std::vector<std::future<void>> answers;
  answers.push_back(ask(0, Priority::kNormal));  // runs at once
  answers.push_back(ask(1, Priority::kLow));
  answers.push_back(ask(2, Priority::kNormal));
  answers.push_back(ask(3, Priority::kHigh));
  for (auto& answer : answers) answer.wait();
  EXPECT_THAT(order, testing::ElementsAre(0, 3, 2, 1));
}

TEST_F(ServiceBatchingTest, ARequestsOwnTimeoutOnlyShortens) {
  ASSERT_TRUE(Deploy("delay_ms 100\n", Config(30, 1)));
  auto first = Start(1);
  InferRequest request = Request(2);
  request.timeout = std::chrono::hours(1);
  auto second = Start(std::move(request));
  EXPECT_EQ(CodeOf(std::move(second)), Code::kDeadlineExceeded);
  EXPECT_TRUE(first.get());
}

TEST_F(ServiceBatchingTest, AnExecutionThatNobodyWaitsForIsStopped) {
  ASSERT_TRUE(Deploy("delay_ms 60000\n", Config(0, 1)));
  std::atomic<bool> gone = false;
  auto answer = Start(1, [&gone] { return gone.load(); });
  EXPECT_EQ(answer.wait_for(milliseconds(50)), std::future_status::timeout);
  gone = true;
  EXPECT_EQ(CodeOf(std::move(answer)), Code::kCancelled);
}

TEST_F(ServiceBatchingTest, InstancesGrowWhileRequestsWait) {
  ModelConfig config = Config(0, 1);
  config.instances = {1, 3};
  config.batch_size = 1;
  ASSERT_TRUE(Deploy("delay_ms 10\n", config));
  const std::string series = "model_instances{model=\"m\",version=\"v1\"}";
  EXPECT_EQ(Metric(series), 1);
  std::vector<Answered> answers;
  answers.reserve(90);
  for (int i = 0; i < 90; ++i) answers.push_back(Start(1));
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
  EXPECT_EQ(Metric(series), 3);
}

TEST_F(ServiceBatchingTest, GatheredRequestsRunTogetherAtTheTurnsEnd) {
  // 15 us a call whatever its rows: cheap, and worth joining.
  ASSERT_TRUE(Deploy("busy_us 15\n", Config(0, 2)));
  double before = 0;
  std::jthread([&] {
    Service::EndTurn();              // this thread has turns from here on
    for (int i = 0; i < 300; ++i) {  // what it costs is learnt
      auto answer = Start(1);
      Service::EndTurn();
      ASSERT_TRUE(answer.get());
    }
    before = Executions();
    std::vector<Answered> answers;
    answers.reserve(10);
    for (int i = 0; i < 10; ++i) answers.push_back(Start(static_cast<float>(i)));
    Service::EndTurn();
    for (int i = 0; i < 10; ++i) {
      const auto answer = answers[static_cast<std::size_t>(i)].get();
      ASSERT_TRUE(answer);
      EXPECT_TRUE(IsAnswerTo(*answer, Numbers(1, 1, static_cast<float>(i))));
    }
  }).join();
  EXPECT_LT(Executions() - before, 10);
}

TEST_F(ServiceBatchingTest, UnusuallyLargeRowsAreNotTakenForCheap) {
  ASSERT_TRUE(Deploy("", Config(0, 2)));
  // Until it is learnt what it costs, which takes longer on a busy machine.
  while (!RunsHere(Numbers(1, 1, 0))) continue;
  EXPECT_FALSE(RunsHere(Numbers(1, 1'000, 0)));
}

TEST_F(ServiceBatchingTest, FailuresSayNothingOfTheCost) {
  ASSERT_TRUE(Deploy("fail_on 7\n", Config(0, 2)));
  for (int i = 0; i < 200; ++i) EXPECT_EQ(CodeOf(Start(7)), Code::kInvalidArgument);
  EXPECT_FALSE(RunsHere(Numbers(1, 1, 0)));
}

// No request is lost, answered twice, or answered with another's rows, whatever arrives: rows,
// shapes, priorities, deadlines, clients that go, calls that fail.
TEST_F(ServiceBatchingTest, EveryRequestGetsItsOwnAnswerOnceWhateverHappens) {
  constexpr int kThreads = 6;
  constexpr int kAsks = 300;
  struct Case {
    std::string model;
    std::int64_t batch_size;
    std::int64_t timeout_ms;
    InstanceLimits instances;
  };
  const Case cases[] = {{"fail_on 13\nrow_us 20\n", 8, 0, {2, 2}},
                        {"fail_on 13\ndelay_ms 1\n", 32, 2, {1, 4}},
                        {"fail_on 13\nconcurrent 0\nrow_us 50\n", 5, 1, {2, 2}},
                        {"fail_on 13\nbusy_us 15\n", 16, 0, {3, 3}}};
  for (const Case& test : cases) {
    ModelConfig config;
    config.batch_size = test.batch_size;
    config.batch_timeout_ms = test.timeout_ms;
    config.instances = test.instances;
    config.max_queue = 100'000;
    ASSERT_TRUE(Deploy(test.model, config, true));
    std::atomic<int> answered = 0;
    std::atomic<int> wrong = 0;
    {
      std::vector<std::jthread> clients;
      clients.reserve(kThreads);
      for (int t = 0; t < kThreads; ++t) {
        clients.emplace_back([&, t] {
          std::mt19937 random(static_cast<unsigned>(t));
          if (t % 2 == 0) Service::EndTurn();
          for (int i = 0; i < kAsks; ++i) {
            InferRequest request;
            request.version = *service_->Resolve("m", "");
            const auto first =
                static_cast<float>(random() % 1000 == 0 ? 13 : 100 + random() % 5000);
            const Tensor asked = Numbers(static_cast<std::int64_t>(random() % 12),
                                         1 + static_cast<std::int64_t>(random() % 2), first);
            request.inputs = {{"x", asked}};
            request.priority = static_cast<Priority>(random() % kPriorities);
            if (random() % 4 == 0) request.timeout = milliseconds(1 + random() % 20);
            if (random() % 4 == 0) {
              request.cancelled = [gone = random() % 2 == 0] { return gone; };
            }
            service_->Infer(std::move(request), [&, asked, once = std::make_shared<int>(0)](
                                                    const Result<InferResponse>& answer) {
              if (++*once != 1) ++wrong;
              const bool fails = asked.element_count() > 0 && asked.values<float>()[0] == 13;
              if (answer) {
                if (fails || !IsAnswerTo(*answer, asked)) ++wrong;
              } else if (const Code code = answer.error().code;
                         code != Code::kCancelled && code != Code::kDeadlineExceeded &&
                         !(fails && code == Code::kInvalidArgument)) {
                ++wrong;
              }
              ++answered;
            });
            if (random() % 3 == 0) Service::EndTurn();
            if (random() % 16 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
          }
          Service::EndTurn();
        });
      }
    }
    for (int i = 0; i < 3000 && answered < kThreads * kAsks; ++i)
      std::this_thread::sleep_for(milliseconds(10));
    EXPECT_EQ(answered, kThreads * kAsks) << test.model;
    EXPECT_EQ(wrong, 0) << test.model;
  }
}

TEST_F(ServiceBatchingTest, NothingIsLostWhenTheServiceEnds) {
  ModelConfig config = Config(0, 1);
  config.batch_timeout_ms = 60'000;
  ASSERT_TRUE(Deploy("delay_ms 5\n", config));
  std::atomic<int> answered = 0;  // answers hold leases, which must not outlive the service
  for (int i = 0; i < 20; ++i) {
    InferRequest request = Request(1);
    request.version = *service_->Resolve("m", "");
    service_->Infer(std::move(request), [&answered](const Result<InferResponse>& answer) {
      if (answer) ++answered;
    });
  }
  service_.reset();
  EXPECT_EQ(answered, 20);
}

}  // namespace
}  // namespace plinth
