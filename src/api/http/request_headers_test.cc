#include "api/http/request_headers.h"

#include <vector>

#include <gtest/gtest.h>

namespace plinth::api {
namespace {

net::HttpRequest With(std::vector<net::Header> headers) {
  net::HttpRequest request;
  request.headers = std::move(headers);
  request.has_body = true;
  return request;
}

TEST(RequestHeadersTest, TellsWhatTheBodyIs) {
  const auto kind = [](std::string_view type) {
    return KindOfBody(With({{"content-type", type}}));
  };
  EXPECT_EQ(kind("application/json"), BodyKind::kJson);
  EXPECT_EQ(kind("Application/JSON ; charset=utf-8"), BodyKind::kJson);
  EXPECT_EQ(kind("application/x-www-form-urlencoded"), BodyKind::kJson);
  EXPECT_EQ(kind(""), BodyKind::kJson);
  EXPECT_EQ(kind(" Application/Octet-Stream;x=y"), BodyKind::kRaw);
  EXPECT_EQ(kind("text/xml").error().code, Code::kUnsupportedMedia);
  EXPECT_EQ(KindOfBody(With({{"Content-Encoding", "gzip"}})).error().code, Code::kUnsupportedMedia);
  net::HttpRequest none = With({});
  none.has_body = false;
  EXPECT_EQ(KindOfBody(none).error().code, Code::kLengthRequired);
}

TEST(RequestHeadersTest, JsonMayBeRequired) {
  EXPECT_TRUE(RequireJson(With({})).has_value());
  EXPECT_FALSE(RequireJson(With({{"Content-Type", "application/octet-stream"}})).has_value());
}

TEST(RequestHeadersTest, RawAnswersMustBeAskedFor) {
  const auto raw = [](std::string_view accept) { return WantsRaw(With({{"Accept", accept}})); };
  EXPECT_TRUE(raw("application/octet-stream"));
  EXPECT_TRUE(raw("Application/Octet-Stream;q=0.5, */*;q=0.8"));
  EXPECT_TRUE(raw("application/json;q=0.4 , application/octet-stream ; q=0.5"));
  EXPECT_FALSE(raw(""));
  EXPECT_FALSE(raw("*/*"));
  EXPECT_FALSE(raw("application/*"));
  EXPECT_FALSE(raw("application/json, application/octet-stream"));
  EXPECT_FALSE(raw("application/octet-stream;q=0"));
  EXPECT_TRUE(WantsRaw(With({{"accept", "text/html"}, {"accept", "application/octet-stream"}})));
}

TEST(RequestHeadersTest, TellsWhoWantsNoCache) {
  const auto bypasses = [](std::string_view value) {
    return BypassesCache(With({{"Cache-Control", value}}));
  };
  EXPECT_TRUE(bypasses("no-cache"));
  EXPECT_TRUE(bypasses("max-age=0,\tNo-Store"));
  EXPECT_TRUE(BypassesCache(With({{"Cache-Control", "x"}, {"cache-control", "no-cache"}})));
  EXPECT_FALSE(bypasses("max-age=0"));
  EXPECT_FALSE(bypasses("no-cached"));
  EXPECT_FALSE(BypassesCache(With({})));
}

}  // namespace
}  // namespace plinth::api
