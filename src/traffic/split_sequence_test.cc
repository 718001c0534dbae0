#include "traffic/split_sequence.h"

#include <cmath>
#include <numeric>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth {
namespace {

using Weights = std::vector<double>;

// The largest distance of any count from its share of the requests so far, over all prefixes.
template <typename Sequence>
double WorstDeviation(Sequence& sequence, const Weights& weights, int requests) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<int> counts(weights.size());
  double worst = 0;
  for (int n = 1; n <= requests; ++n) {
    ++counts.at(sequence.Next());
    for (std::size_t i = 0; i < weights.size(); ++i)
      worst = std::max(worst, std::abs(counts[i] - n * weights[i] / sum));
  }
  return worst;
}

std::vector<Weights> ManyWeights() {
  std::vector<Weights> many = {{1},
                               {0.5, 0.5},
                               {0.9, 0.1},
                               {0.999, 0.001},
                               {0, 1, 0},
                               {0.7, 0.2, 0.1},
                               {1e-9, 1},
                               {0.25, 0.25, 0.5},
                               {1.0 / 3, 1.0 / 3, 1.0 / 3},
                               {0.333, 0.333, 0.334},
                               Weights(100, 0.01)};
  std::mt19937 random(7);
  for (int i = 0; i < 300; ++i) {
    Weights weights(2 + random() % 12);
    // Some alike, some of quite another size.
    for (double& weight : weights)
      weight = std::pow(10, -std::uniform_real_distribution(0.0, 4.0)(random));
    if (random() % 4 == 0) weights[0] = 0;
    many.push_back(weights);
  }
  return many;
}

TEST(ChairmanSequenceTest, EveryPrefixIsWithinOneOfTheShares) {
  for (const Weights& weights : ManyWeights()) {
    ChairmanSequence sequence(weights);
    EXPECT_LT(WorstDeviation(sequence, weights, 5'000), 1) << testing::PrintToString(weights);
  }
}

TEST(ChairmanSequenceTest, OfTwoEveryPrefixIsWithinAHalf) {
  for (const double weight : {0.5, 0.1, 0.01, 0.123456789, 1.0 / 3}) {
    const Weights weights = {1 - weight, weight};
    ChairmanSequence sequence(weights);
    EXPECT_LE(WorstDeviation(sequence, weights, 100'000), 0.5 + 1e-6) << weight;
  }
}

TEST(ChairmanSequenceTest, ATenthIsEveryTenth) {
  ChairmanSequence sequence(Weights{0.9, 0.1});
  std::vector<int> at;
  for (int n = 0; n < 40; ++n) {
    if (sequence.Next() == 1) at.push_back(n);
  }
  ASSERT_EQ(at.size(), 4u);
  for (std::size_t i = 1; i < at.size(); ++i) EXPECT_EQ(at[i] - at[i - 1], 10);
}

TEST(ChairmanSequenceTest, AWeightOfZeroGetsNothing) {
  ChairmanSequence sequence(Weights{0, 0.5, 0, 0.5, 0});
  for (int n = 0; n < 1'000; ++n) EXPECT_EQ(sequence.Next() % 2, 1u);
}

TEST(SplitSequenceTest, GoesOnAsTheSequenceBeyondTheRing) {
  for (const Weights& weights : ManyWeights()) {
    SplitSequence split(weights);
    ChairmanSequence sequence(weights);
    for (int n = 0; n < 10'000; ++n) ASSERT_EQ(split.Next(), sequence.Next()) << n;
  }
}

TEST(SplitSequenceTest, ThreadsTogetherGetTheShares) {
  const Weights weights = {0.7, 0.2, 0.1};
  constexpr int kThreads = 4;
  constexpr int kEach = 50'000;
  SplitSequence split(weights);
  std::vector<std::vector<int>> counts(kThreads, std::vector<int>(weights.size()));
  {
    std::vector<std::jthread> threads;
    threads.reserve(kThreads);
    for (auto& own : counts) {
      threads.emplace_back([&] {
        for (int n = 0; n < kEach; ++n) ++own.at(split.Next());
      });
    }
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    int total = 0;
    for (const auto& own : counts) total += own[i];
    // A thread that sleeps between its two steps finds another request's pick, which costs one at
    // most; and so does a filler that sleeps with the lock for a whole ring.
    EXPECT_NEAR(total, weights[i] * kThreads * kEach, 1'000) << i;
  }
}

}  // namespace
}  // namespace plinth
