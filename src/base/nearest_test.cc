#include "base/nearest.h"

#include <string>

#include <gtest/gtest.h>

namespace plinth {
namespace {

constexpr std::string_view kKnown[] = {"batch_size", "batch_timeout_ms", "timeout_ms", "threads"};

TEST(NearestTest, FindsTypos) {
  EXPECT_EQ(NearestOf("batchsize", kKnown), "batch_size");
  EXPECT_EQ(NearestOf("time_out_ms", kKnown), "timeout_ms");
  EXPECT_EQ(NearestOf("thread", kKnown), "threads");
  EXPECT_EQ(NearestOf("THREADS", kKnown), "threads");
}

TEST(NearestTest, LeavesAloneWhatIsNoTypo) {
  EXPECT_EQ(NearestOf("precision", kKnown), "");
  EXPECT_EQ(NearestOf("", kKnown), "");
  EXPECT_EQ(NearestOf("x", {}), "");
}

TEST(NearestTest, LongWordsAreCut) {
  EXPECT_EQ(NearestOf(std::string(1'000'000, 'a'), kKnown), "");
}

TEST(NearestTest, AsksOnlyIfThereIsSomethingToAsk) {
  EXPECT_EQ(DidYouMean("thread", kKnown), "; did you mean 'threads'?");
  EXPECT_EQ(DidYouMean("precision", kKnown), "");
}

}  // namespace
}  // namespace plinth
