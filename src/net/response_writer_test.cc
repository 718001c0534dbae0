#include "net/response_writer.h"

#include <gtest/gtest.h>

#include <string>

namespace plinth::net {
namespace {

std::string Head(const HttpResponse& response, ResponseFraming framing = {}) {
  std::string out;
  AppendResponseHead(response, framing, "D", out);
  return out;
}

TEST(ResponseWriter, WritesStatusLineAndHeaders) {
  HttpResponse response = HttpResponse::Json(201, "{}");
  response.headers.emplace_back("Location", "/models/x");
  EXPECT_EQ(
      Head(response),
      "HTTP/1.1 201 Created\r\nServer: plinth\r\nDate: D\r\nContent-Type: application/json\r\n"
      "Content-Length: 2\r\nLocation: /models/x\r\n\r\n");
}

TEST(ResponseWriter, SaysWhatBecomesOfTheConnection) {
  const HttpResponse response{.status = 200, .content_type = "", .headers = {}, .body = ""};
  const std::string start = "HTTP/1.1 200 OK\r\nServer: plinth\r\nDate: D\r\nContent-Length: 0\r\n";
  EXPECT_EQ(Head(response, {.keep_alive = true, .http11 = true}), start + "\r\n");
  EXPECT_EQ(Head(response, {.keep_alive = false, .http11 = true}),
            start + "Connection: close\r\n\r\n");
  EXPECT_EQ(Head(response, {.keep_alive = true, .http11 = false}),
            start + "Connection: keep-alive\r\n\r\n");
  EXPECT_EQ(Head(response, {.keep_alive = false, .http11 = false}),
            start + "Connection: close\r\n\r\n");
}

TEST(ResponseWriter, NoLengthWhereNoBodyIsAllowed) {
  EXPECT_EQ(Head({.status = 204, .content_type = "", .headers = {}, .body = "x"}),
            "HTTP/1.1 204 No Content\r\nServer: plinth\r\nDate: D\r\n\r\n");
}

TEST(ResponseWriter, ValuesCannotAddHeaders) {
  HttpResponse response{
      .status = 299, .content_type = "", .headers = {{"X-Echo", "a\r\nSet-Cookie: b"}}, .body = ""};
  EXPECT_EQ(Head(response),
            "HTTP/1.1 299 \r\nServer: plinth\r\nDate: D\r\nContent-Length: 0\r\nX-Echo: a  "
            "Set-Cookie: b\r\n\r\n");
}

TEST(HttpDate, IsInTheFormatOfHttp) {
  HttpDate date;
  EXPECT_EQ(date.At(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.At(784111778), "Sun, 06 Nov 1994 08:49:38 GMT");
}

TEST(HttpResponse, ErrorsBecomeJsonWithTheTablesStatus) {
  const HttpResponse response =
      HttpResponse::FromError({Code::kPayloadTooLarge, "a \"quoted\"\nword"});
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body,
            R"({"error":{"code":"PAYLOAD_TOO_LARGE","message":"a \"quoted\"\nword"}})");
}

}  // namespace
}  // namespace plinth::net
