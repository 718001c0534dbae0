#include "api/native/events_route.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth::api {
namespace {

using testing::HasSubstr;

TEST(EventsRouteTest, ReadsTheQuery) {
  const auto defaults = ParseEventsQuery("");
  ASSERT_TRUE(defaults.has_value());
  EXPECT_EQ(defaults->limit, 100U);
  EXPECT_EQ(defaults->before_id, 0);
  const auto both = ParseEventsQuery("before=9223372036854775807&limit=1000");
  ASSERT_TRUE(both.has_value());
  EXPECT_EQ(both->limit, 1'000U);
  EXPECT_EQ(both->before_id, 9'223'372'036'854'775'807);
}

TEST(EventsRouteTest, RefusesWhatItDoesNotUnderstand) {
  const std::pair<const char*, const char*> cases[] = {
      {"limit=0", "limit must be a whole number from 1 to 1000"},
      {"limit=1001", "limit must be"},
      {"limit=", "limit must be"},
      {"limit=5x", "limit must be"},
      {"before=0", "before must be a whole number from 1 to 9223372036854775807"},
      {"before=-1", "before must be"},
      {"before=9223372036854775808", "before must be"},
      {"limit=1&limit=2", "'limit' is given twice"},
      {"limits=1", "did you mean 'limit'"},
  };
  for (const auto& [query, words] : cases) {
    const auto wanted = ParseEventsQuery(query);
    ASSERT_FALSE(wanted.has_value()) << query;
    EXPECT_EQ(wanted.error().code, Code::kInvalidArgument);
    EXPECT_THAT(wanted.error().message, HasSubstr(words)) << query;
  }
}

TEST(EventsRouteTest, EncodesEvents) {
  const std::vector<Event> events = {
      {.id = 7, .time_ms = 1'795'000'000'123, .model = "m", .version = "v1", .kind = "deployed"},
      {.id = 3, .time_ms = 0, .model = "m", .kind = "traffic", .message = "\"x\""},
  };
  EXPECT_EQ(EncodeEvents(events),
            R"({"events":[{"id":7,"time":"2026-11-18T11:06:40.123Z","kind":"deployed",)"
            R"("version":"v1","message":""},)"
            R"({"id":3,"time":"1970-01-01T00:00:00.000Z","kind":"traffic","message":"\"x\""}]})");
  EXPECT_EQ(EncodeEvents({}), R"({"events":[]})");
}

}  // namespace
}  // namespace plinth::api
