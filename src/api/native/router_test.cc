#include "api/native/router.h"

#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth::api {
namespace {

using net::Verb;
using ::testing::HasSubstr;

TEST(RouterTest, EveryRouteIsReachedByItsOwnPattern) {
  for (const RouteInfo& route : Routes()) {
    EXPECT_EQ(MatchRoute(route.verb, route.pattern).route, route.route) << route.pattern;
  }
}

TEST(RouterTest, ReadsParameters) {
  const RouteMatch match = MatchRoute(Verb::kPost, "/models/dig%69ts/version/v%2e2");
  EXPECT_EQ(match.route, Route::kDeployVersion);
  EXPECT_EQ(match.name, "digits");
  EXPECT_EQ(match.version, "v.2");
  EXPECT_EQ(MatchRoute(Verb::kPost, "/predict/m").name, "m");
}

TEST(RouterTest, AnEncodedSlashIsPartOfASegment) {
  const RouteMatch match = MatchRoute(Verb::kGet, "/models/a%2Fb");
  EXPECT_EQ(match.route, Route::kDescribeModel);
  EXPECT_EQ(match.name, "a/b");
}

TEST(RouterTest, BrokenEscapesStay) {
  EXPECT_EQ(MatchRoute(Verb::kGet, "/models/a%zz").name, "a%zz");
  EXPECT_EQ(MatchRoute(Verb::kGet, "/models/a%4").name, "a%4");
  EXPECT_EQ(MatchRoute(Verb::kGet, "/models/%").name, "%");
}

TEST(RouterTest, VersionsIsAnotherWordForVersion) {
  EXPECT_EQ(MatchRoute(Verb::kGet, "/models/m/versions/v1").route, Route::kDescribeVersion);
}

TEST(RouterTest, HeadGoesWhereGetGoes) {
  EXPECT_EQ(MatchRoute(Verb::kHead, "/health").route, Route::kHealth);
  EXPECT_EQ(MatchRoute(Verb::kHead, "/predict/m").route, Route::kNone);
}

TEST(RouterTest, KnownPathsSayWhatTheyAllow) {
  const RouteMatch match = MatchRoute(Verb::kPut, "/models/m/version/v1");
  EXPECT_EQ(match.route, Route::kNone);
  EXPECT_EQ(match.allow, "GET, HEAD, POST, DELETE, OPTIONS");
  EXPECT_EQ(MatchRoute(Verb::kGet, "/predict/m").allow, "POST, OPTIONS");
  EXPECT_EQ(MatchRoute(Verb::kPost, "/models/m/traffic").allow, "GET, HEAD, PUT, OPTIONS");
  EXPECT_EQ(MatchRoute(Verb::kOptions, "/health").allow, "GET, HEAD, OPTIONS");
}

TEST(RouterTest, UnknownPathsAllowNothing) {
  for (const char* path :
       {"", "*", "models", "//", "/models/", "/models//version/v1", "/predict", "/predict/",
        "/predict/m/", "/predict/m/n", "/healthy", "/HEALTH", "/models/m/version"}) {
    const RouteMatch match = MatchRoute(Verb::kPost, path);
    EXPECT_EQ(match.route, Route::kNone) << path;
    EXPECT_EQ(match.allow, "") << path;
  }
}

TEST(RouterTest, UnknownPathsNameNearOnes) {
  EXPECT_THAT(UnknownRouteMessage("/predicts/m"), HasSubstr("POST /predict/:model"));
  EXPECT_THAT(UnknownRouteMessage("/model"), HasSubstr("GET /models"));
  EXPECT_THAT(UnknownRouteMessage("/nothing/at/all"), HasSubstr("GET / lists all routes"));
  EXPECT_LT(UnknownRouteMessage(std::string(100'000, 'a')).size(), 500U);
}

}  // namespace
}  // namespace plinth::api
