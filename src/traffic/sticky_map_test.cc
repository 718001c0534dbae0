#include "traffic/sticky_map.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth {
namespace {

using Weights = std::vector<VersionTraffic>;

Weights Of(std::vector<double> traffic) {
  Weights weights;
  for (std::size_t i = 0; i < traffic.size(); ++i)
    weights.push_back({.version = fmt::format("v{}", i), .traffic = traffic[i]});
  return weights;
}

std::map<std::string, double> Lengths(const StickyRanges& ranges) {
  std::map<std::string, double> lengths;
  double begin = 0;
  for (const StickyRange& range : ranges) {
    lengths[range.version] += range.end - begin;
    begin = range.end;
  }
  return lengths;
}

// The measure of the points that belong to different versions.
double Moved(const StickyRanges& a, const StickyRanges& b) {
  double moved = 0;
  double begin = 0;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const double end = std::min(a[i].end, b[j].end);
    if (a[i].version != b[j].version) moved += end - begin;
    begin = end;
    if (a[i].end <= end) ++i;
    if (b[j].end <= end) ++j;
  }
  return moved;
}

void ExpectSound(const StickyRanges& ranges, const Weights& weights) {
  ASSERT_FALSE(ranges.empty());
  EXPECT_EQ(ranges.back().end, 1);
  EXPECT_LE(ranges.size(), kMaxStickyRanges);
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    EXPECT_LT(ranges[i - 1].end, ranges[i].end);
    EXPECT_NE(ranges[i - 1].version, ranges[i].version) << "neighbours are merged";
  }
  auto lengths = Lengths(ranges);
  double sum = 0;
  for (const VersionTraffic& entry : weights) sum += entry.traffic;
  for (const VersionTraffic& entry : weights)
    EXPECT_NEAR(lengths[entry.version], entry.traffic / sum, 1e-9) << entry.version;
}

TEST(StickyMapTest, IsLaidOutInOrder) {
  const StickyRanges ranges = Reapportion({}, Of({0.5, 0.25, 0.25}));
  EXPECT_EQ(ranges, (StickyRanges{{0.5, "v0"}, {0.75, "v1"}, {1, "v2"}}));
  EXPECT_TRUE(Reapportion(ranges, {}).empty());
  EXPECT_TRUE(Reapportion(ranges, Of({0, 0})).empty());
}

TEST(StickyMapTest, WhoGivesUpKeepsTheFirst) {
  const StickyRanges before = Reapportion({}, Of({0.5, 0.5}));
  EXPECT_EQ(Reapportion(before, Of({0.25, 0.5, 0.25})),
            (StickyRanges{{0.25, "v0"}, {0.5, "v2"}, {1, "v1"}}));
  EXPECT_EQ(Reapportion(before, Of({0.5, 0.5})), before);
}

TEST(StickyMapTest, MovesNoMoreThanTheWeightsAskFor) {
  std::mt19937 random(3);
  const auto draw = [&] {
    std::vector<double> traffic(2 + random() % 5);
    for (double& share : traffic)
      share = random() % 5 == 0 ? 0 : std::generate_canonical<double, 53>(random);
    traffic[0] += 1e-3;
    double sum = 0;
    for (const double share : traffic) sum += share;
    for (double& share : traffic) share /= sum;
    return Of(traffic);
  };
  Weights old_weights = draw();
  StickyRanges ranges = Reapportion({}, old_weights);
  std::size_t rebuilt = 0;
  for (int change = 0; change < 3'000; ++change) {
    const Weights weights = draw();
    const StickyRanges next = Reapportion(ranges, weights);
    ExpectSound(next, weights);
    double least = 0;
    for (const VersionTraffic& entry : old_weights) {
      const auto now = std::ranges::find(weights, entry.version, &VersionTraffic::version);
      least += std::max(0.0, entry.traffic - (now == weights.end() ? 0 : now->traffic));
    }
    const double moved = Moved(ranges, next);
    EXPECT_GT(moved, least - 1e-9);
    if (moved > least + 1e-9) {
      ++rebuilt;
      EXPECT_LE(next.size(), weights.size()) << "more moves only where all is laid out anew";
    }
    old_weights = weights;
    ranges = next;
  }
  EXPECT_LT(rebuilt, 30u);
}

TEST(StickyMapTest, ARolloutAndItsRollbackMoveOnlyTheCanary) {
  StickyRanges ranges = Reapportion({}, Of({1, 0}));
  for (const double step : {0.01, 0.1, 0.5, 1.0, 0.0}) {
    const StickyRanges next = Reapportion(ranges, Of({1 - step, step}));
    const double before = Lengths(ranges)["v1"];
    EXPECT_NEAR(Moved(ranges, next), std::abs(step - before), 1e-9);
    ranges = next;
  }
  EXPECT_EQ(ranges.size(), 1u);
}

TEST(StickyMapTest, HashesNeverChange) {
  // Written down: users must keep their version across releases of the server.
  EXPECT_EQ(HashOfStickyKey("user-17"), 9048'858'901'848'095'873u);
  EXPECT_EQ(PointOf(0), 0);
  EXPECT_LT(PointOf(~std::uint64_t{0}), 1);
}

TEST(StickyMapTest, KeysAreSpreadEvenly) {
  const StickyRanges ranges = Reapportion({}, Of({0.7, 0.2, 0.1}));
  std::map<std::string, int> counts;
  for (int key = 0; key < 100'000; ++key) {
    const double point = PointOf(HashOfStickyKey(fmt::format("user-{}", key)));
    ++counts[std::ranges::upper_bound(ranges, point, {}, &StickyRange::end)->version];
  }
  EXPECT_NEAR(counts["v0"], 70'000, 1'000);
  EXPECT_NEAR(counts["v1"], 20'000, 1'000);
  EXPECT_NEAR(counts["v2"], 10'000, 1'000);
}

}  // namespace
}  // namespace plinth
