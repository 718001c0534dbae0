#include "traffic/traffic_router.h"

#include <cmath>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "traffic/sticky_map.h"

namespace plinth {
namespace {

using testing::ElementsAre;
using Names = std::vector<std::string>;

TrafficPolicy Policy(std::vector<VersionTraffic> versions, StickyKey sticky = {}) {
  return ApplyChange(
      {},
      {.versions = std::move(versions), .sticky = std::move(sticky), .labels = {}, .rollout = {}});
}

std::vector<int> Counts(const TrafficRouter& router, std::size_t ready, int requests) {
  std::vector<int> counts(ready);
  for (int n = 0; n < requests; ++n) ++counts.at(router.Pick(std::nullopt));
  return counts;
}

TEST(EffectiveSharesTest, AbsentOnesLeaveTheirsInProportion) {
  const TrafficPolicy policy = Policy({{"v1", 0.5}, {"v2", 0.25}, {"v3", 0.25}});
  EXPECT_THAT(EffectiveShares(policy, Names{"v1", "v2", "v3", "v4"}),
              ElementsAre(0.5, 0.25, 0.25, 0));
  EXPECT_THAT(EffectiveShares(policy, Names{"v2", "v3"}), ElementsAre(0.5, 0.5));
  EXPECT_THAT(EffectiveShares(policy, Names{"v1", "v3"}),
              ElementsAre(testing::DoubleEq(2.0 / 3), testing::DoubleEq(1.0 / 3)));
}

TEST(EffectiveSharesTest, WithoutWeightsTheNewestThatIsNoShadow) {
  EXPECT_THAT(EffectiveShares({}, Names{"v9", "v10"}), ElementsAre(0, 1));
  EXPECT_THAT(EffectiveShares(Policy({{"v1", 1}}), Names{"v2", "v3"}), ElementsAre(0, 1));
  const TrafficPolicy shadows = Policy({{"v3", 0, 0.2}});
  EXPECT_THAT(EffectiveShares(shadows, Names{"v1", "v2", "v3"}), ElementsAre(0, 1, 0));
  EXPECT_THAT(EffectiveShares(shadows, Names{"v3"}), ElementsAre(1));
}

TEST(TrafficRouterTest, SplitsByTheShares) {
  const TrafficRouter router(Policy({{"v1", 0.9}, {"v3", 0.1}}), Names{"v1", "v2", "v3"}, nullptr);
  EXPECT_THAT(Counts(router, 3, 1'000), ElementsAre(900, 0, 100));
}

TEST(TrafficRouterTest, ASequenceGoesOnWhileTheSharesStay) {
  const TrafficPolicy policy = Policy({{"v1", 0.9}, {"v2", 0.1}});
  auto router = std::make_unique<TrafficRouter>(policy, Names{"v1", "v2"}, nullptr);
  int second = 0;
  // A tenth of 1,000, though another version comes or goes between any two requests.
  for (int n = 0; n < 1'000; ++n) {
    const bool other = n % 2 == 0;
    const Names ready = other ? Names{"v0", "v1", "v2"} : Names{"v1", "v2"};
    router = std::make_unique<TrafficRouter>(policy, ready, router.get());
    if (ready.at(router->Pick(std::nullopt)) == "v2") ++second;
  }
  EXPECT_EQ(second, 100);
}

TEST(TrafficRouterTest, OtherSharesBeginAnew) {
  const TrafficRouter before(Policy({{"v1", 0.9}, {"v2", 0.1}}), Names{"v1", "v2"}, nullptr);
  Counts(before, 2, 7);
  const TrafficRouter after(Policy({{"v1", 0.5}, {"v2", 0.5}}), Names{"v1", "v2"}, &before);
  EXPECT_THAT(Counts(after, 2, 10), ElementsAre(5, 5));
}

std::uint64_t Key(int n) { return HashOfStickyKey(fmt::format("user-{}", n)); }

TEST(TrafficRouterTest, AKeyKeepsItsVersion) {
  const StickyKey sticky{StickyKey::Source::kHeader, "X-User"};
  const TrafficPolicy policy = Policy({{"v1", 0.6}, {"v2", 0.4}}, sticky);
  const TrafficRouter router(policy, Names{"v1", "v2"}, nullptr);
  const TrafficRouter again(policy, Names{"v1", "v2", "v3"}, nullptr);
  EXPECT_EQ(router.sticky(), sticky);
  int first = 0;
  for (int n = 0; n < 10'000; ++n) {
    EXPECT_EQ(router.Pick(Key(n)), again.Pick(Key(n)));
    if (router.Pick(Key(n)) == 0) ++first;
  }
  EXPECT_NEAR(first, 6'000, 200);
}

TEST(TrafficRouterTest, OnlyTheKeysOfWhatIsNotReadyGoElsewhere) {
  const TrafficPolicy policy = Policy({{"v1", 0.2}, {"v2", 0.4}, {"v3", 0.4}});
  const Names all = {"v1", "v2", "v3"};
  const Names rest = {"v1", "v3"};
  const TrafficRouter whole(policy, all, nullptr);
  const TrafficRouter without(policy, rest, &whole);
  std::map<std::string, int> moved;
  for (int n = 0; n < 10'000; ++n) {
    const std::string before = all.at(whole.Pick(Key(n)));
    const std::string now = rest.at(without.Pick(Key(n)));
    EXPECT_EQ(now, rest.at(without.Pick(Key(n))));
    if (before == "v2") {
      ++moved[now];
    } else {
      EXPECT_EQ(now, before);
    }
  }
  // In proportion to what they have: 1 to 2.
  EXPECT_NEAR(moved["v1"], 10'000 * 0.4 / 3, 150);
  EXPECT_NEAR(moved["v3"], 10'000 * 0.8 / 3, 150);
}

TEST(TrafficRouterTest, CopiesGoToShadowsByTheirShares) {
  const TrafficRouter router(Policy({{"v1", 1}, {"v2", 0, 0.2}, {"v3", 0, 0.5}}),
                             Names{"v1", "v2", "v3"}, nullptr);
  std::vector<int> copies(3);
  int none = 0;
  for (int n = 0; n < 1'000; ++n) {
    if (const auto shadow = router.PickShadow(0)) {
      ++copies.at(*shadow);
    } else {
      ++none;
    }
  }
  EXPECT_THAT(copies, ElementsAre(0, 200, 500));
  EXPECT_EQ(none, 300);
}

TEST(TrafficRouterTest, AllIsCopiedOrNothing) {
  const TrafficPolicy policy = Policy({{"v1", 1}, {"v2", 0, 1}});
  const TrafficRouter router(policy, Names{"v1", "v2"}, nullptr);
  const TrafficRouter alone(policy, Names{"v1"}, nullptr);
  for (int n = 0; n < 100; ++n) {
    EXPECT_EQ(router.PickShadow(0), 1u);
    EXPECT_EQ(router.PickShadow(1), std::nullopt) << "its own shadow";
    EXPECT_EQ(alone.PickShadow(0), std::nullopt);
  }
}

TEST(ApplyChangeTest, WhatIsNotGivenStays) {
  const TrafficPolicy old = ApplyChange({}, {.versions = {{{"v1", 0.5}, {"v2", 0.5}}},
                                             .sticky = StickyKey{StickyKey::Source::kField, "user"},
                                             .labels = {{{"stable", "v1"}}},
                                             .rollout = {}});
  EXPECT_EQ(old.ranges, (StickyRanges{{0.5, "v1"}, {1, "v2"}}));
  EXPECT_EQ(ApplyChange(old, {}), old);
  TrafficPolicy wanted = old;
  wanted.labels = {{"canary", "v2"}};
  EXPECT_EQ(
      ApplyChange(old, {.versions = {}, .sticky = {}, .labels = wanted.labels, .rollout = {}}),
      wanted);
  wanted = old;
  wanted.versions.clear();
  wanted.ranges.clear();
  EXPECT_EQ(
      ApplyChange(
          old,
          {.versions = std::vector<VersionTraffic>(), .sticky = {}, .labels = {}, .rollout = {}}),
      wanted);
}

}  // namespace
}  // namespace plinth
