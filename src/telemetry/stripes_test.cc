#include "telemetry/stripes.h"

#include <bit>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace plinth::telemetry {
namespace {

cpu_set_t Cores(std::initializer_list<int> numbers) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  for (const int cpu : numbers) CPU_SET(cpu, &cores);
  return cores;
}

TEST(StripeMapTest, CoresOfTheProcessShareNoStripe) {
  // The first threads of four cores of two threads each, as a pinned container has them.
  const StripeMap map(4, Cores({0, 2, 4, 6}));
  std::set<std::size_t> stripes;
  for (const unsigned cpu : {0u, 2u, 4u, 6u}) stripes.insert(map.StripeOf(cpu));
  EXPECT_EQ(stripes.size(), 4u);
}

TEST(StripeMapTest, AnyNumberHasAStripe) {
  const StripeMap map(2, Cores({3}));
  for (const unsigned cpu : {0u, 1u, 1023u, 1024u, 70'000u, static_cast<unsigned>(-1)}) {
    EXPECT_LT(map.StripeOf(cpu), 2u);
  }
}

TEST(StripeMapTest, TheProcessHasAPowerOfTwo) {
  const std::size_t stripes = StripeMap::OfProcess().stripes();
  EXPECT_TRUE(std::has_single_bit(stripes));
  EXPECT_LE(stripes, StripeMap::kMaxStripes);
}

TEST(CurrentCpuTest, IsWhereTheThreadRuns) {
  cpu_set_t allowed;
  ASSERT_EQ(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
  std::jthread([&] {
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (!CPU_ISSET(cpu, &allowed)) continue;
      const cpu_set_t one = Cores({cpu});
      ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
      EXPECT_EQ(CurrentCpu(), static_cast<unsigned>(cpu));
    }
  }).join();
}

TEST(StripedCellsTest, SumsMergeWhatEachCoreAdded) {
  cpu_set_t allowed;
  ASSERT_EQ(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
  StripedCells cells(20);
  std::uint64_t cores = 0;
  std::jthread([&] {
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (!CPU_ISSET(cpu, &allowed)) continue;
      const cpu_set_t one = Cores({cpu});
      ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
      ++cores;
      for (std::size_t cell = 0; cell < 20; ++cell) cells.Add(cell, cell + 1);
      cells.Add(0, 100, 19, 1'000);
    }
  }).join();
  EXPECT_EQ(cells.Sum(0), 101 * cores);
  for (std::size_t cell = 1; cell < 19; ++cell) EXPECT_EQ(cells.Sum(cell), (cell + 1) * cores);
  EXPECT_EQ(cells.Sum(19), 1'020 * cores);
}

// More threads than cores, and more stripes than one: nothing is lost wherever they are moved to.
TEST(StripedCellsTest, NothingIsLostBetweenThreads) {
  const StripeMap map(4, Cores({0, 1, 2, 3}));
  StripedCells cells(9, map);
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 10'000; ++i) cells.Add(0, 2, 8, 3);
      });
    }
  }
  EXPECT_EQ(cells.Sum(0), 160'000u);
  EXPECT_EQ(cells.Sum(8), 240'000u);
}

}  // namespace
}  // namespace plinth::telemetry
