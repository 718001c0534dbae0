// The answer cache on a request's way, through a Service and the test backend.
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "serving/service_fixture.h"

namespace plinth {
namespace {

using std::chrono::milliseconds;

class ServiceCacheTest : public ServiceTest {
 protected:
  static ModelConfig Caching(std::int64_t entries = 100, std::int64_t ttl_ms = 0) {
    ModelConfig config = Config(0, 2);
    config.cache_size = entries;
    config.cache_ttl_ms = ttl_ms;
    return config;
  }

  double Count(const std::string& metric) const { return Metric(metric + "{model=\"m\"}"); }
  double Executions() const { return Count("model_batch_size_count"); }

  // Asks, and says whether the answer was right and came from the cache.
  bool IsCached(InferRequest request, float value) {
    const auto answer = Start(std::move(request)).get();
    EXPECT_TRUE(answer);
    if (!answer) return false;
    EXPECT_EQ(answer->outputs[0].tensor.values<float>()[0], 2 * value);
    return answer->cached;
  }
  bool IsCached(float value) { return IsCached(Request(value), value); }
};

TEST_F(ServiceCacheTest, TheSecondTimeIsAHit) {
  ASSERT_TRUE(Deploy("", Caching()));
  EXPECT_FALSE(IsCached(1));
  EXPECT_FALSE(IsCached(2));
  EXPECT_TRUE(IsCached(1));
  EXPECT_EQ(Count("model_cache_hits_total"), 1);
  EXPECT_EQ(Count("model_cache_misses_total"), 2);
  EXPECT_EQ(Count("model_cache_entries"), 2);
  EXPECT_GT(Count("model_cache_bytes"), 0);
  EXPECT_EQ(Executions(), 2);
  EXPECT_EQ(Metric("model_requests_total{model=\"m\",version=\"v1\"}"), 3);
  EXPECT_EQ(Metric("model_requests_in_flight{model=\"m\",version=\"v1\"}"), 0);
}

TEST_F(ServiceCacheTest, WithoutACacheNothingIsKept) {
  ASSERT_TRUE(Deploy("", Caching(0)));
  EXPECT_FALSE(IsCached(1));
  EXPECT_FALSE(IsCached(1));
}

TEST_F(ServiceCacheTest, ARequestMayPassTheCacheBy) {
  ASSERT_TRUE(Deploy("", Caching()));
  EXPECT_FALSE(IsCached(1));
  InferRequest request = Request(1);
  request.bypass_cache = true;
  EXPECT_FALSE(IsCached(std::move(request), 1));
  EXPECT_TRUE(IsCached(1));
}

TEST_F(ServiceCacheTest, AnswersAgeAndAreSwept) {
  ASSERT_TRUE(Deploy("", Caching(100, 30)));
  EXPECT_FALSE(IsCached(1));
  std::this_thread::sleep_for(milliseconds(35));
  EXPECT_FALSE(IsCached(1));
  for (int i = 0; i < 500 && Count("model_cache_entries") > 0; ++i)
    std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(Count("model_cache_bytes"), 0);
}

TEST_F(ServiceCacheTest, AStatefulModelIsNotCached) {
  const auto info = Deploy("stateful 1\n", Caching());
  ASSERT_TRUE(info);
  EXPECT_THAT(info->warnings, testing::Contains(testing::HasSubstr("cache_size has no effect")));
  EXPECT_FALSE(IsCached(1));
  EXPECT_FALSE(IsCached(1));
}

TEST_F(ServiceCacheTest, ReplacingDropsTheAnswers) {
  ASSERT_TRUE(Deploy("", Caching()));
  EXPECT_FALSE(IsCached(1));
  ASSERT_TRUE(Deploy("", Caching(), true));
  EXPECT_EQ(Count("model_cache_bytes"), 0);
  EXPECT_FALSE(IsCached(1));
}

TEST_F(ServiceCacheTest, FailuresAreNotKept) {
  ASSERT_TRUE(Deploy("fail_on 7\n", Caching()));
  EXPECT_EQ(CodeOf(Start(7)), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf(Start(7)), Code::kInvalidArgument);
  EXPECT_EQ(Executions(), 2);
}

TEST_F(ServiceCacheTest, EqualRequestsInFlightRunOnce) {
  ASSERT_TRUE(Deploy("delay_ms 50\n", Caching()));
  std::vector<Answered> answers;
  answers.reserve(10);
  for (int i = 0; i < 10; ++i) answers.push_back(Start(3));
  int cached = 0;
  for (auto& future : answers) {
    const auto answer = future.get();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->outputs[0].tensor.values<float>()[0], 6.0f);
    cached += answer->cached ? 1 : 0;
  }
  EXPECT_EQ(cached, 9);
  EXPECT_EQ(Executions(), 1);
  EXPECT_EQ(Count("model_cache_joins_total"), 9);
}

TEST_F(ServiceCacheTest, WhoWaitsForAnEqualOneKeepsItsOwnDeadline) {
  ASSERT_TRUE(Deploy("delay_ms 200\n", Caching()));
  auto first = Start(3);
  InferRequest hurried = Request(3);
  hurried.timeout = milliseconds(20);
  EXPECT_EQ(CodeOf(Start(std::move(hurried))), Code::kDeadlineExceeded);
  EXPECT_EQ(first.wait_for(milliseconds(0)), std::future_status::timeout);
  EXPECT_TRUE(first.get());
}

TEST_F(ServiceCacheTest, WhenTheFirstGivesUpTheNextRuns) {
  ModelConfig config = Caching();
  config.instances = {1, 1};
  ASSERT_TRUE(Deploy("delay_ms 60\n", config));
  auto other = Start(1);  // holds the instance
  InferRequest hurried = Request(3);
  hurried.timeout = milliseconds(10);
  auto leader = Start(std::move(hurried));
  auto follower = Start(3);
  EXPECT_EQ(CodeOf(std::move(leader)), Code::kDeadlineExceeded);
  EXPECT_TRUE(follower.get());
  EXPECT_TRUE(other.get());
}

TEST_F(ServiceCacheTest, ThreadsVersionsAndReplacementsNeverMixAnswers) {
  ASSERT_TRUE(Deploy("row_us 50\n", Caching(8, 5)));
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> clients;
    clients.reserve(4);
    for (int t = 0; t < 4; ++t) {
      clients.emplace_back([&, t] {
        for (int i = 0; i < 400; ++i) {
          const auto value = static_cast<float>((i * 7 + t) % 20);
          InferRequest request = Request(value);
          if (i % 5 == 0) request.timeout = milliseconds(1 + i % 3);
          if (i % 11 == 0) request.cancelled = [] { return true; };
          const auto answer = Start(std::move(request)).get();
          if (answer ? answer->outputs[0].tensor.values<float>()[0] != 2 * value
                     : answer.error().code != Code::kDeadlineExceeded &&
                           answer.error().code != Code::kCancelled)
            ++wrong;
        }
      });
    }
    for (int i = 0; i < 10; ++i) {
      std::this_thread::sleep_for(milliseconds(5));
      EXPECT_TRUE(Deploy("row_us 50\n", Caching(8, 5), true));
    }
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace plinth
