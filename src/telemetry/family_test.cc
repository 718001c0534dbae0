#include "telemetry/family.h"

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth::telemetry {
namespace {

using testing::HasSubstr;
using testing::Not;

template <typename Child>
std::string TextOf(const Family<Child>& family) {
  std::string text;
  family.Render(text);
  return text;
}

TEST(FamilyTest, ValuesAreEscaped) {
  Family<Counter> family("hits_total", "Hits.", {"model", "version"});
  family.At({"a\"b\\c\nd", "v1"})->Add(3);
  EXPECT_EQ(TextOf(family),
            "# HELP hits_total Hits.\n# TYPE hits_total counter\n"
            "hits_total{model=\"a\\\"b\\\\c\\nd\",version=\"v1\"} 3\n");
}

TEST(FamilyTest, EqualValuesAreOneChild) {
  Family<Counter> family("n", "N.", {"model", "version"});
  EXPECT_EQ(family.At({"a", "v1"}), family.At({"a", "v1"}));
  EXPECT_NE(family.At({"a", "v1"}), family.At({"a", "v2"}));
  // Neither a value that reads like a further label nor one that is cut at another place.
  EXPECT_NE(family.At({"a\",version=\"v1", ""}), family.At({"a", "v1\",version=\""}));
}

TEST(FamilyTest, RemovedChildrenLeaveTheText) {
  Family<Counter> family("n", "N.", {"model", "version"});
  const auto kept = family.At({"a", "v1"});
  for (const char* other : {"ab", "b", "a\"", "a,"}) family.At({other, "v1"});
  family.Remove({"a"});
  kept->Add();
  const std::string text = TextOf(family);
  EXPECT_THAT(text, Not(HasSubstr("model=\"a\"")));
  for (const char* other : {R"("ab")", R"("b")", R"("a\"")", R"("a,")"}) {
    EXPECT_THAT(text, HasSubstr(other));
  }
}

TEST(FamilyTest, RemoveTakesOneVersionOfAModel) {
  Family<Counter> versions("n", "N.", {"model", "version"});
  Family<Counter> models("m", "M.", {"model"});
  for (const char* version : {"v1", "v11", "v2"}) versions.At({"a", version});
  models.At({"a"});
  versions.Remove({"a", "v1"});
  models.Remove({"a", "v1"});
  EXPECT_EQ(TextOf(versions),
            "# HELP n N.\n# TYPE n counter\n"
            "n{model=\"a\",version=\"v11\"} 0\nn{model=\"a\",version=\"v2\"} 0\n");
  EXPECT_THAT(TextOf(models), HasSubstr("m{model=\"a\"} 0"));
}

TEST(FamilyTest, HistogramsAreCumulative) {
  static constexpr std::int64_t kBounds[] = {50, 1'000};
  static constexpr Buckets kBuckets(kBounds, 1'000'000);
  Family<Histogram> family("took_seconds", "Took.", {"model"},
                           [] { return std::make_shared<Histogram>(kBuckets); });
  const auto child = family.At({"a"});
  for (const double seconds : {0.00004, 0.0005, 0.0005, 2.0}) child->Observe(seconds);
  EXPECT_EQ(TextOf(family),
            "# HELP took_seconds Took.\n# TYPE took_seconds histogram\n"
            "took_seconds_bucket{model=\"a\",le=\"5e-05\"} 1\n"
            "took_seconds_bucket{model=\"a\",le=\"0.001\"} 3\n"
            "took_seconds_bucket{model=\"a\",le=\"+Inf\"} 4\n"
            "took_seconds_sum{model=\"a\"} 2.00104\n"
            "took_seconds_count{model=\"a\"} 4\n");
}

TEST(FamilyTest, SetsShowWhatHasCounted) {
  static const FixedLabel label{"kind", {"x", "y", "z"}};
  Family<CounterSet> counters("n_total", "N.", {"model"},
                              [] { return std::make_shared<CounterSet>(label); });
  counters.At({"a"})->Add(2);
  EXPECT_EQ(TextOf(counters),
            "# HELP n_total N.\n# TYPE n_total counter\nn_total{model=\"a\",kind=\"z\"} 1\n");
}

TEST(FamilyTest, NumbersHaveNoLabelsIfThereAreNone) {
  std::string text;
  AppendMetric(text, "n", "N.", "gauge", 1.5);
  EXPECT_EQ(text, "# HELP n N.\n# TYPE n gauge\nn 1.5\n");
}

}  // namespace
}  // namespace plinth::telemetry
