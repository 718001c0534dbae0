#include "api/http/cors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/responder_testing.h"

namespace plinth::api {
namespace {

using net::HttpRequest;
using net::HttpResponse;
using net::Responder;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

HttpResponse Ask(std::vector<std::string> origins, std::vector<net::Header> headers,
                 net::Verb verb = net::Verb::kGet) {
  const auto handler =
      WithCors([](const HttpRequest&,
                  Responder responder) { responder.Send(HttpResponse::Text(200, "inner")); },
               std::move(origins));
  HttpRequest request;
  request.verb = verb;
  request.headers = std::move(headers);
  const auto sink = std::make_shared<net::CaughtAnswer>();
  auto future = sink->future();
  handler(std::move(request), Responder(sink));
  return future.get();
}

TEST(Cors, OpensAnswersToTheOriginsThatAreAllowed) {
  const HttpResponse named =
      Ask({"https://a.test", "https://b.test"}, {{"Origin", "https://b.test"}});
  EXPECT_THAT(named.headers, Contains(Pair("Access-Control-Allow-Origin", "https://b.test")));
  EXPECT_THAT(named.headers, Contains(Pair("Vary", "Origin")));
  EXPECT_EQ(named.body, "inner");
  const HttpResponse all = Ask({"*"}, {{"Origin", "https://b.test"}});
  EXPECT_THAT(all.headers, Contains(Pair("Access-Control-Allow-Origin", "*")));
  EXPECT_THAT(all.headers, Not(Contains(Pair("Vary", "Origin"))));
  EXPECT_THAT(Ask({"https://a.test"}, {{"Origin", "https://evil.test"}}).headers, IsEmpty());
  EXPECT_THAT(Ask({"*"}, {}).headers, IsEmpty());
}

TEST(Cors, AnswersPreflights) {
  const std::vector<net::Header> headers = {{"Origin", "https://a.test"},
                                            {"Access-Control-Request-Method", "POST"},
                                            {"Access-Control-Request-Headers", "content-type,x-y"}};
  const HttpResponse answer = Ask({"https://a.test"}, headers, net::Verb::kOptions);
  EXPECT_EQ(answer.status, 204);
  EXPECT_THAT(answer.headers, Contains(Pair("Access-Control-Allow-Headers", "content-type,x-y")));
  EXPECT_THAT(answer.headers, Contains(Pair("Access-Control-Allow-Methods", ::testing::_)));
  EXPECT_EQ(Ask({"https://other.test"}, headers, net::Verb::kOptions).body, "inner");
  EXPECT_EQ(Ask({"*"}, {{"Origin", "https://a.test"}}, net::Verb::kOptions).body, "inner");
}

}  // namespace
}  // namespace plinth::api
