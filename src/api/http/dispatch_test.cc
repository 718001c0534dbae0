#include "api/http/dispatch.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "net/responder_testing.h"

namespace plinth::api {
namespace {

TEST(DispatchTest, GoesByWholeSegments) {
  std::string seen;
  const auto note = [&](const char* who) {
    return [&seen, who](const net::HttpRequest&, const net::Responder&) { seen = who; };
  };
  const auto write = [](const Error& error) { return net::HttpResponse::Text(400, error.message); };
  const std::vector<Protocol> protocols = {
      {"/v1", note("one"), [](const Error&) { return net::HttpResponse::Text(400, "of one"); }},
      {"/v2", note("two"), write},
      {"", note("others"), write}};
  const net::HttpHandler handler = Dispatch(protocols);
  const auto goes = [&](std::string_view path) {
    net::HttpRequest request;
    request.path = path;
    handler(std::move(request), net::Responder(std::make_shared<net::CaughtAnswer>()));
    return seen;
  };
  EXPECT_EQ(goes("/v2"), "two");
  EXPECT_EQ(goes("/v2/models/m"), "two");
  EXPECT_EQ(goes("/v1/models/m:predict"), "one");
  EXPECT_EQ(goes("/v22"), "others");
  EXPECT_EQ(goes("/"), "others");
  EXPECT_EQ(goes("/models/v2"), "others");

  const net::RefusalWriter refuse = DispatchRefusals(protocols);
  EXPECT_EQ(refuse("/v1/models", {Code::kPayloadTooLarge, "long"}).body, "of one");
  EXPECT_EQ(refuse("", {Code::kPayloadTooLarge, "long"}).body, "long");
}

}  // namespace
}  // namespace plinth::api
