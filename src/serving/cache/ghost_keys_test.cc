#include "serving/cache/ghost_keys.h"

#include <gtest/gtest.h>

namespace plinth {
namespace {

Hash128 Key(std::uint64_t i) {
  Hasher128 hasher;
  hasher.Number(i);
  return hasher.Finish();
}

TEST(GhostKeysTest, RemembersEachOnce) {
  GhostKeys ghosts;
  EXPECT_FALSE(ghosts.Take(Key(1), 10));
  ghosts.Add(Key(1), 10);
  EXPECT_FALSE(ghosts.Take(Key(2), 10));
  EXPECT_TRUE(ghosts.Take(Key(1), 10));
  EXPECT_FALSE(ghosts.Take(Key(1), 10));
}

TEST(GhostKeysTest, ForgetsWhatIsOlderThanTheWindow) {
  GhostKeys ghosts;
  for (std::uint64_t i = 0; i < 10; ++i) ghosts.Add(Key(i), 1'000);
  EXPECT_FALSE(ghosts.Take(Key(4), 5));
  EXPECT_TRUE(ghosts.Take(Key(5), 5));
  EXPECT_TRUE(ghosts.Take(Key(4), 6));
}

TEST(GhostKeysTest, RemembersMostOfAFullWindow) {
  constexpr std::size_t kWindow = 10'000;
  GhostKeys ghosts;
  for (std::uint64_t i = 0; i < 3 * kWindow; ++i) ghosts.Add(Key(i), kWindow);
  std::size_t newest = 0;
  std::size_t older = 0;
  for (std::uint64_t i = 0; i < 3 * kWindow; ++i) {
    (i < 2 * kWindow ? older : newest) += ghosts.Take(Key(i), kWindow) ? 1 : 0;
  }
  EXPECT_EQ(older, 0u);
  EXPECT_GT(newest, kWindow * 9 / 10);
}

}  // namespace
}  // namespace plinth
