#include "telemetry/metrics.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth::telemetry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(MetricsTest, BoundsAreInclusive) {
  const double bounds[] = {1, 2, 4};
  Histogram histogram(bounds);
  for (const double value : {0.5, 1.0, 1.5, 4.0, 9.0}) histogram.Observe(value);
  EXPECT_THAT(histogram.Cumulative(), ElementsAre(2, 3, 4, 5));
  EXPECT_EQ(histogram.sum(), 16.0);
}

TEST(MetricsTest, CountsOfManyThreadsAddUp) {
  Counter counter;
  Histogram histogram(SizeBounds());
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 10'000; ++i) {
          counter.Add();
          histogram.Observe(1);
        }
      });
    }
  }
  EXPECT_EQ(counter.value(), 40'000u);
  EXPECT_EQ(histogram.Cumulative().back(), 40'000u);
  EXPECT_EQ(histogram.sum(), 40'000.0);
}

TEST(MetricsTest, TextIsPrometheus) {
  Family<Counter> family("hits_total", "Hits.", {"model", "version"},
                         [] { return std::make_shared<Counter>(); });
  family.At({"a\"b\\c\nd", "v1"})->Add(3);
  std::string text;
  family.Render(text);
  EXPECT_EQ(text,
            "# HELP hits_total Hits.\n# TYPE hits_total counter\n"
            "hits_total{model=\"a\\\"b\\\\c\\nd\",version=\"v1\"} 3\n");
}

TEST(MetricsTest, RemovedChildrenLeaveTheText) {
  Family<Counter> family("n", "N.", {"model", "version"},
                         [] { return std::make_shared<Counter>(); });
  const auto kept = family.At({"a", "v1"});
  family.At({"b", "v1"});
  family.Remove({"a"});
  kept->Add();
  std::string text;
  family.Render(text);
  EXPECT_THAT(text, Not(HasSubstr("model=\"a\"")));
  EXPECT_THAT(text, HasSubstr("model=\"b\""));
}

}  // namespace
}  // namespace plinth::telemetry
