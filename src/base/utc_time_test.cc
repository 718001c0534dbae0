#include "base/utc_time.h"

#include <gtest/gtest.h>

namespace plinth {
namespace {

TEST(UtcTimeTest, IsWhatTheStandardWrites) {
  EXPECT_EQ(UtcTime(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(UtcTime(951'827'696'789), "2000-02-29T12:34:56.789Z");
}

TEST(UtcTimeTest, NowIsLaterThanThis) { EXPECT_GT(NowMs(), 1'700'000'000'000); }

}  // namespace
}  // namespace plinth
