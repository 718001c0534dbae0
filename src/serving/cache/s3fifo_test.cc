#include "serving/cache/s3fifo.h"

#include <map>
#include <random>

#include <gtest/gtest.h>

namespace plinth {
namespace {

Hash128 Key(std::uint64_t i) {
  Hasher128 hasher;
  hasher.Number(i);
  return hasher.Finish();
}

// Looks the key up and brings it in if it is missing, as a cache does; whether it was there.
bool Ask(S3Fifo<std::uint64_t>& cache, std::size_t capacity, std::uint64_t key) {
  if (cache.Find(Key(key)) != nullptr) return true;
  while (cache.size() >= capacity) cache.EvictOne();
  cache.Insert(Key(key), key);
  return false;
}

TEST(S3FifoTest, KeepsReplacesAndRemoves) {
  S3Fifo<std::uint64_t> cache;
  EXPECT_EQ(cache.Find(Key(1)), nullptr);
  EXPECT_EQ(cache.Insert(Key(1), 10), std::nullopt);
  EXPECT_EQ(*cache.Find(Key(1)), 10u);
  EXPECT_EQ(cache.Insert(Key(1), 11), 10u);
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_EQ(cache.Remove(Key(1)), 11u);
  EXPECT_EQ(cache.Remove(Key(1)), std::nullopt);
  EXPECT_EQ(cache.EvictOne(), std::nullopt);
}

TEST(S3FifoTest, EvictsFirstWhatNobodyAskedForAgain) {
  S3Fifo<std::uint64_t> cache;
  for (std::uint64_t i = 0; i < 4; ++i) cache.Insert(Key(i), i);
  cache.Find(Key(0));
  cache.Find(Key(2));
  EXPECT_EQ(cache.EvictOne(), 1u);
  EXPECT_EQ(cache.EvictOne(), 3u);
  // The hits were spent on the move to main: from there on first in, first out.
  EXPECT_EQ(cache.EvictOne(), 0u);
  EXPECT_EQ(cache.EvictOne(), 2u);
}

TEST(S3FifoTest, InMainAHitIsASecondChance) {
  S3Fifo<std::uint64_t> cache;
  for (std::uint64_t i = 0; i < 4; ++i) {
    cache.Insert(Key(i), i);
    cache.Find(Key(i));
  }
  EXPECT_EQ(cache.EvictOne(), 0u);  // all moved to main, the first out again
  cache.Find(Key(1));
  EXPECT_EQ(cache.EvictOne(), 2u);
  EXPECT_EQ(cache.EvictOne(), 3u);
  EXPECT_EQ(cache.EvictOne(), 1u);
}

TEST(S3FifoTest, AKeyThatComesBackSoonIsTrusted) {
  S3Fifo<std::uint64_t> cache;
  for (std::uint64_t i = 0; i < 10; ++i) cache.Insert(Key(i), i);
  EXPECT_EQ(cache.EvictOne(), 0u);
  cache.Insert(Key(0), 0);  // back from the ghosts: to main, where the new ones do not push it out
  for (std::uint64_t i = 10; i < 1'000; ++i) Ask(cache, 10, i);
  EXPECT_NE(cache.Find(Key(0)), nullptr);
}

TEST(S3FifoTest, AScanLeavesWhatIsPopular) {
  constexpr std::size_t kCapacity = 1'000;
  S3Fifo<std::uint64_t> cache;
  for (int round = 0; round < 5; ++round) {
    for (std::uint64_t i = 0; i < kCapacity / 2; ++i) Ask(cache, kCapacity, i);
  }
  for (std::uint64_t i = 0; i < 100 * kCapacity; ++i) Ask(cache, kCapacity, 1'000'000 + i);
  std::size_t kept = 0;
  for (std::uint64_t i = 0; i < kCapacity / 2; ++i) kept += cache.Find(Key(i)) != nullptr ? 1 : 0;
  EXPECT_EQ(kept, kCapacity / 2);
}

TEST(S3FifoTest, OldestIsByTimeOfTheValue) {
  S3Fifo<std::uint64_t> cache;
  for (std::uint64_t i = 0; i < 3; ++i) cache.Insert(Key(i), i);
  cache.Find(Key(0));
  EXPECT_EQ(*cache.Oldest(), 0u);
  cache.Insert(Key(0), 7);
  EXPECT_EQ(cache.RemoveOldest(), 1u);
  EXPECT_EQ(cache.RemoveOldest(), 2u);
  EXPECT_EQ(cache.RemoveOldest(), 7u);
  EXPECT_EQ(cache.RemoveOldest(), std::nullopt);
}

TEST(S3FifoTest, NeverGivesAnothersValue) {
  constexpr std::size_t kCapacity = 50;
  std::mt19937_64 random(7);
  S3Fifo<std::uint64_t> cache;
  std::map<std::uint64_t, std::uint64_t> newest;
  for (std::uint64_t step = 0; step < 200'000; ++step) {
    const std::uint64_t key = random() % 200;
    const auto action = random() % 10;
    if (action < 6) {
      const std::uint64_t* value = cache.Find(Key(key));
      ASSERT_TRUE(value == nullptr || *value == newest[key]);
    } else if (action < 9) {
      if (cache.size() >= kCapacity) {
        ASSERT_TRUE(cache.EvictOne());
        ASSERT_EQ(cache.size(), kCapacity - 1);
      }
      cache.Insert(Key(key), step);
      newest[key] = step;
      ASSERT_EQ(*cache.Find(Key(key)), step);
    } else if (random() % 2 == 0) {
      cache.Remove(Key(key));
      ASSERT_EQ(cache.Find(Key(key)), nullptr);
    } else if (const auto oldest = cache.Oldest(); oldest != nullptr) {
      const std::uint64_t value = *oldest;
      cache.ForEach([&](std::uint64_t other) { ASSERT_LE(value, other); });
      ASSERT_EQ(cache.RemoveOldest(), value);
    }
    ASSERT_LE(cache.size(), kCapacity);
  }
}

}  // namespace
}  // namespace plinth
