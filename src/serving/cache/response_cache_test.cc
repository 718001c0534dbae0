#include "serving/cache/response_cache.h"

#include <atomic>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

namespace plinth {
namespace {

using std::chrono::milliseconds;

// One output of `size` FP32 numbers, the first of which is `value`.
std::vector<NamedTensor> Answer(float value, std::int64_t size = 1) {
  Tensor tensor = *Tensor::Allocate(DType::kFp32, {size});
  std::ranges::fill(tensor.mutable_values<float>(), value);
  return {{"y", std::move(tensor)}};
}

float ValueOf(const SharedOutputs& outputs) { return outputs->at(0).tensor.values<float>()[0]; }

Hash128 Key(std::uint64_t i) { return {i * 0x9E3779B97F4A7C15u, i * 0xC2B2AE3D27D4EB4Fu}; }

class ResponseCacheTest : public testing::Test {
 protected:
  std::shared_ptr<VersionCache> Open(std::size_t entries, milliseconds ttl = milliseconds(0)) {
    return process->Open({.model = "m", .version = "v1", .entries = entries, .ttl = ttl});
  }
  // Whether it was found; brings it in if not.
  static bool Ask(VersionCache& cache, std::uint64_t i, std::int64_t size = 1) {
    auto found = cache.Find(Key(i));
    if (const auto* outputs = std::get_if<SharedOutputs>(&found)) {
      EXPECT_EQ(ValueOf(*outputs), static_cast<float>(i));
      return true;
    }
    std::get<Lead>(found).Succeed(Answer(static_cast<float>(i), size));
    return false;
  }

  VersionCache::Time now{};
  const std::shared_ptr<ResponseCache> process =
      ResponseCache::Create(std::size_t{1} << 20, [this] { return now; });
};

TEST_F(ResponseCacheTest, GivesWhatWasKeptAndCopiesNothing) {
  const auto cache = Open(10);
  EXPECT_FALSE(Ask(*cache, 1));
  const auto first = std::get<SharedOutputs>(cache->Find(Key(1)));
  const auto second = std::get<SharedOutputs>(cache->Find(Key(1)));
  EXPECT_EQ(first, second);
  EXPECT_EQ(ValueOf(first), 1);
  const CacheStats stats = cache->Stats();
  EXPECT_EQ(stats.hits, 2u);
  EXPECT_EQ(stats.misses, 1u);
  EXPECT_EQ(stats.entries, 1u);
  EXPECT_GT(stats.bytes, 0u);
  EXPECT_EQ(stats.bytes, process->bytes());
}

TEST_F(ResponseCacheTest, AnAnswerLivesForItsTtlAndNotANanosecondLonger) {
  const auto cache = Open(10, milliseconds(5));
  now += milliseconds(100);
  Ask(*cache, 1);
  now += milliseconds(5) - std::chrono::nanoseconds(1);
  EXPECT_TRUE(Ask(*cache, 1));
  now += std::chrono::nanoseconds(1);
  EXPECT_FALSE(Ask(*cache, 1));  // and brings it in anew
  EXPECT_EQ(cache->Stats().expirations, 1u);
  now += milliseconds(4);
  EXPECT_TRUE(Ask(*cache, 1));
}

TEST_F(ResponseCacheTest, WithoutTtlNothingAges) {
  const auto cache = Open(10);
  Ask(*cache, 1);
  now += std::chrono::hours(100'000);
  EXPECT_TRUE(Ask(*cache, 1));
}

TEST_F(ResponseCacheTest, WhatExpiredGivesItsMemoryBackUnasked) {
  const auto cache = Open(1'000, milliseconds(5));
  for (std::uint64_t i = 0; i < 100; ++i) Ask(*cache, i);
  now += milliseconds(5);
  cache->Sweep();
  EXPECT_EQ(cache->Stats().entries, 0u);
  EXPECT_EQ(cache->Stats().expirations, 100u);
  EXPECT_EQ(process->bytes(), 0u);
  for (std::uint64_t i = 0; i < 100; ++i) Ask(*cache, i);
  now += milliseconds(5);
  for (std::uint64_t i = 0; i < 50; ++i) Ask(*cache, 1'000 + i);  // new traffic does it too
  EXPECT_EQ(cache->Stats().entries, 50u);
  EXPECT_EQ(cache->Stats().evictions, 0u);
}

TEST_F(ResponseCacheTest, HoldsNoMoreThanItsEntries) {
  const auto roomy = ResponseCache::Create(std::size_t{1} << 30);
  for (const std::size_t entries : {1u, 2u, 300u, 1'000u, 5'001u}) {
    const auto cache = roomy->Open({.model = "m", .version = "v1", .entries = entries});
    for (std::uint64_t i = 0; i < 3 * entries; ++i) {
      Ask(*cache, i);
      if (i % 97 == 0) {
        ASSERT_LE(cache->Stats().entries, entries);
      }
    }
    EXPECT_LE(cache->Stats().entries, entries);
    EXPECT_GE(cache->Stats().entries, entries * 9 / 10);
  }
}

TEST_F(ResponseCacheTest, NeverExceedsItsBytes) {
  const auto small = Open(100'000);
  const auto large = Open(100'000);
  std::mt19937_64 random(3);
  for (std::uint64_t i = 0; i < 50'000; ++i) {
    Ask(random() % 4 == 0 ? *small : *large, random() % 5'000,
        static_cast<std::int64_t>(random() % 3'000));
    ASSERT_LE(process->bytes(), process->max_bytes());
    ASSERT_EQ(process->bytes(), small->bytes() + large->bytes());
  }
  EXPECT_GT(process->bytes(), process->max_bytes() / 2);
  EXPECT_GT(small->Stats().evictions + large->Stats().evictions, 0u);
}

TEST_F(ResponseCacheTest, LargeAnswersOfOneModelDoNotPushOutAnothers) {
  const auto modest = Open(100);
  for (std::uint64_t i = 0; i < 50; ++i) Ask(*modest, i);
  const auto greedy = Open(100'000);
  for (std::uint64_t i = 0; i < 1'000; ++i) Ask(*greedy, i, 10'000);
  EXPECT_EQ(modest->Stats().entries, 50u);
  EXPECT_EQ(modest->Stats().evictions, 0u);
}

TEST_F(ResponseCacheTest, AnAnswerLargerThanItsShareIsNotKept) {
  const auto cache = Open(10);
  Ask(*cache, 1, 100'000);
  EXPECT_EQ(cache->Stats().entries, 0u);
  EXPECT_EQ(process->bytes(), 0u);
  EXPECT_FALSE(Ask(*cache, 1, 100'000));
}

TEST_F(ResponseCacheTest, KeepsNothingButTheAnswerItself) {
  const auto cache = Open(10);
  auto alive = std::make_shared<std::vector<float>>(1'000, 1.0F);
  std::weak_ptr<std::vector<float>> watched = alive;
  {
    const Tensor batch =
        *Tensor::FromBuffer(DType::kFp32, {1'000}, Buffer::Share(alive, alive->data(), 4'000));
    auto found = cache->Find(Key(1));
    std::get<Lead>(found).Succeed({{"y", batch.SliceRows(5, 1)}});
  }
  alive.reset();
  EXPECT_TRUE(watched.expired());
  EXPECT_EQ(ValueOf(std::get<SharedOutputs>(cache->Find(Key(1)))), 1);
}

TEST_F(ResponseCacheTest, AReplacedVersionKeepsNothing) {
  const auto cache = Open(10);
  Ask(*cache, 1);
  auto running = cache->Find(Key(2));
  const auto used = std::get<SharedOutputs>(cache->Find(Key(1)));
  cache->Close();
  EXPECT_EQ(cache->Stats().entries, 0u);
  EXPECT_EQ(process->bytes(), 0u);
  EXPECT_EQ(ValueOf(used), 1);
  // What was in flight is answered, followers too, but not kept.
  float follower_got = 0;
  const auto flight = std::get<std::shared_ptr<Flight>>(cache->Find(Key(2)));
  flight->Join([&](Flight::Turn turn) { follower_got = ValueOf(std::get<SharedOutputs>(turn)); },
               10);
  std::get<Lead>(running).Succeed(Answer(2));
  EXPECT_EQ(follower_got, 2);
  EXPECT_EQ(process->bytes(), 0u);
  EXPECT_FALSE(Ask(*cache, 2));
}

TEST_F(ResponseCacheTest, WhatIsDestroyedGivesItsBytesBack) {
  auto cache = Open(10);
  Ask(*cache, 1);
  EXPECT_GT(process->bytes(), 0u);
  cache.reset();
  EXPECT_EQ(process->bytes(), 0u);
}

TEST_F(ResponseCacheTest, FailuresAreNotKept) {
  const auto cache = Open(10);
  auto found = cache->Find(Key(1));
  std::get<Lead>(found).Fail({Code::kInternal, "broken"});
  EXPECT_TRUE(std::holds_alternative<Lead>(cache->Find(Key(1))));
  EXPECT_TRUE(
      std::holds_alternative<Lead>(cache->Find(Key(1))));  // the one before was dropped unused
}

// ---- keys

struct Asked {
  std::vector<NamedTensor> inputs;
  std::vector<std::uint32_t> wanted;
  std::vector<CacheParameter> parameters;
};

NamedTensor Numbers(std::string name, DType type, const Shape& shape,
                    std::byte fill = std::byte{1}) {
  Tensor tensor = *Tensor::Allocate(type, shape);
  std::ranges::fill(tensor.mutable_bytes(), fill);
  return {std::move(name), std::move(tensor)};
}

NamedTensor Words(std::vector<std::string> words) {
  return {"x", Tensor::OfStrings({static_cast<std::int64_t>(words.size())}, words)};
}

TEST_F(ResponseCacheTest, EverythingThatCanChangeTheAnswerChangesTheKey) {
  const std::vector<Asked> all = {
      {{Numbers("x", DType::kFp32, {2, 3})}, {}, {}},
      {{Numbers("y", DType::kFp32, {2, 3})}, {}, {}},
      {{Numbers("x", DType::kInt32, {2, 3})}, {}, {}},
      {{Numbers("x", DType::kFp32, {3, 2})}, {}, {}},
      {{Numbers("x", DType::kFp32, {6})}, {}, {}},
      {{Numbers("x", DType::kFp32, {2, 3}, std::byte{2})}, {}, {}},
      {{Numbers("x", DType::kFp32, {2, 3}), Numbers("y", DType::kFp32, {1})}, {}, {}},
      {{Numbers("x", DType::kFp32, {2, 3})}, {0}, {}},
      {{Numbers("x", DType::kFp32, {2, 3})}, {1}, {}},
      {{Numbers("x", DType::kFp32, {2, 3})}, {0, 1}, {}},
      {{Numbers("x", DType::kFp32, {2, 3})}, {}, {{"a", "1"}}},
      {{Numbers("x", DType::kFp32, {2, 3})}, {}, {{"a", "2"}}},
      {{Numbers("x", DType::kFp32, {2, 3})}, {}, {{"a1", ""}}},
      {{Numbers("x", DType::kFp32, {0, 3})}, {}, {}},
      {{Numbers("x", DType::kFp32, {0, 4})}, {}, {}},
      {{}, {}, {}},
      {{}, {0}, {}},
      {{Words({"ab", "c"})}, {}, {}},
      {{Words({"a", "bc"})}, {}, {}},
      {{Words({"abc", ""})}, {}, {}},
      {{Words({"abc"})}, {}, {}},
      {{Numbers("x", DType::kUint8, {3})}, {}, {}},
  };
  const auto cache = Open(10);
  const auto other_load = Open(10);
  std::set<std::pair<std::uint64_t, std::uint64_t>> keys;
  for (const Asked& asked : all) {
    for (const auto& version : {cache, other_load}) {
      const Hash128 key = version->KeyOf(asked.inputs, asked.wanted, asked.parameters);
      EXPECT_EQ(key, version->KeyOf(asked.inputs, asked.wanted, asked.parameters));
      keys.emplace(key.low, key.high);
    }
  }
  EXPECT_EQ(keys.size(), 2 * all.size());
}

TEST_F(ResponseCacheTest, WhereTheElementsStandDoesNotChangeTheKey) {
  const auto cache = Open(10);
  const NamedTensor numbers = Numbers("x", DType::kInt16, {5, 7});
  const std::vector<std::string> words = {"a", "b", "c", "d"};
  const Tensor all_words = Tensor::OfStrings({4}, words);
  const std::vector<NamedTensor> slices = {{"x", numbers.tensor.SliceRows(3, 2)},
                                           {"w", all_words.SliceRows(2, 2)}};
  const std::vector<NamedTensor> wholes = {
      Numbers("x", DType::kInt16, {2, 7}),
      {"w", Tensor::OfStrings({2}, std::span(words).subspan(2))}};
  EXPECT_EQ(cache->KeyOf(slices, {}, {}), cache->KeyOf(wholes, {}, {}));
}

// ---- threads

// Many threads ask for the same few keys while leaders fail, give up and succeed at random: at any
// time at most one runs a key, and everybody is answered exactly once, with an answer of their own
// key.
TEST_F(ResponseCacheTest, EqualRequestsRunOneAtATimeUnderManyThreads) {
  constexpr int kThreads = 8;
  constexpr int kAsks = 3'000;
  constexpr std::uint64_t kKeys = 5;
  const auto real = ResponseCache::Create(std::size_t{1} << 16);
  const auto cache =
      real->Open({.model = "m", .version = "v", .entries = 3, .ttl = milliseconds(1)});
  std::array<std::atomic<int>, kKeys> running{};
  std::atomic<int> answered{0};
  std::atomic<int> overlaps{0};
  std::atomic<int> wrong{0};

  const std::function<void(Lead, std::uint64_t, std::uint64_t)> run =
      [&](Lead lead, std::uint64_t key, std::uint64_t luck) {
        if (running[key].fetch_add(1) != 0) ++overlaps;
        if (luck % 7 == 0) std::this_thread::yield();
        running[key].fetch_sub(1);
        ++answered;
        if (luck % 11 == 0) return lead.Fail({Code::kInternal, "broken"});
        if (luck % 5 == 0) return lead.Fail({Code::kCancelled, "gone"});
        lead.Succeed(Answer(static_cast<float>(key)));
      };
  const auto check = [&](const SharedOutputs& outputs, std::uint64_t key) {
    if (ValueOf(outputs) != static_cast<float>(key)) ++wrong;
    ++answered;
  };
  const std::function<void(std::uint64_t, std::uint64_t)> ask = [&](std::uint64_t key,
                                                                    std::uint64_t luck) {
    auto found = cache->Find(Key(key));
    if (const auto* outputs = std::get_if<SharedOutputs>(&found)) return check(*outputs, key);
    if (auto* lead = std::get_if<Lead>(&found)) return run(std::move(*lead), key, luck);
    const auto& flight = std::get<std::shared_ptr<Flight>>(found);
    const auto id = flight->Join(
        [&, key, luck](Flight::Turn turn) {
          if (auto* outputs = std::get_if<SharedOutputs>(&turn)) return check(*outputs, key);
          if (auto* lead = std::get_if<Lead>(&turn)) return run(std::move(*lead), key, luck + 1);
          ++answered;
        },
        std::int64_t{kThreads} * kAsks);
    if (!id) {
      ASSERT_EQ(id.error(), Flight::NotJoined::kGone);
      return ask(key, luck);
    }
    if (luck % 3 == 0 && flight->Withdraw(*id)) ++answered;
  };

  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(static_cast<std::uint64_t>(t));
      for (int i = 0; i < kAsks; ++i) ask(random() % kKeys, random());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, kThreads * kAsks);
  EXPECT_EQ(overlaps, 0);
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(cache->followers, 0);
}

TEST_F(ResponseCacheTest, BytesHoldUnderManyThreadsAndClosing) {
  const auto real = ResponseCache::Create(std::size_t{1} << 16);
  std::atomic<bool> exceeded{false};
  std::vector<std::shared_ptr<VersionCache>> caches;
  caches.reserve(3);
  for (int i = 0; i < 3; ++i)
    caches.push_back(
        real->Open({.model = "m", .version = "v", .entries = 1'000, .ttl = milliseconds(1)}));
  std::vector<std::thread> threads;
  threads.reserve(6);
  for (std::uint64_t t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(t);
      for (int i = 0; i < 3'000; ++i) {
        auto found = caches[random() % caches.size()]->Find(Key(random() % 500));
        if (auto* lead = std::get_if<Lead>(&found))
          lead->Succeed(Answer(1, static_cast<std::int64_t>(random() % 800)));
        if (real->bytes() > real->max_bytes()) exceeded = true;
        if (t == 0 && i == 2'000) caches[0]->Close();
        if (t == 1 && i % 100 == 0) caches[1]->Sweep();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(exceeded);
  EXPECT_EQ(caches[0]->Stats().entries, 0u);
  EXPECT_EQ(real->bytes(), caches[1]->bytes() + caches[2]->bytes());
  caches.clear();
  EXPECT_EQ(real->bytes(), 0u);
}

}  // namespace
}  // namespace plinth
