#include "api/http/content_coding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "api/http/responses.h"
#include "net/deflate.h"
#include "net/responder_testing.h"

namespace plinth::api {
namespace {

using net::Coding;
using net::HttpRequest;
using net::HttpResponse;
using net::Responder;
using ::testing::Contains;
using ::testing::Not;
using ::testing::Pair;

HttpRequest With(std::vector<net::Header> headers, std::string body = "") {
  HttpRequest request;
  request.headers = std::move(headers);
  request.body = Buffer::FromString(std::move(body));
  return request;
}

std::string Lines(std::size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; ++i) text += "line " + std::to_string(i) + "\n";
  text.resize(size);
  return text;
}

std::string Compressed(Coding coding, const std::string& text) {
  const std::vector<Buffer> pieces = {Buffer::FromString(text)};
  return net::Deflate(coding, pieces).value_or("");
}

// A handler that answers with its request's body, with what else a test wishes for, behind the
// handler under test.
class ContentCodingTest : public ::testing::Test {
 protected:
  HttpResponse Ask(HttpRequest request) {
    const auto handler = WithContentCoding(
        [this](HttpRequest got, Responder responder) {
          headers_seen_ = got.headers;
          if (on_request_) return on_request_(std::move(got), std::move(responder));
          HttpResponse answer = HttpResponse::Text(200, "");
          if (!got.body.empty()) answer.tail.push_back(got.body);
          responder.Send(std::move(answer));
        },
        {.write = ErrorResponse, .unknown = {Code::kUnsupportedMedia, "unknown"}}, options_);
    sink_ = std::make_shared<net::CaughtAnswer>();
    auto future = sink_->future();
    handler(std::move(request), Responder(sink_));
    return future.get();
  }

  static std::string BodyOf(const HttpResponse& response) {
    std::string body = response.body;
    for (const Buffer& slice : response.tail) body.append(slice.As<char>(), slice.size());
    return body;
  }

  CodingOptions options_{.run_elsewhere = [this](std::move_only_function<void()> task) {
    ++elsewhere_;
    task();
  }};
  int elsewhere_ = 0;
  net::HttpHandler on_request_;
  std::vector<net::Header> headers_seen_;
  std::shared_ptr<net::CaughtAnswer> sink_;
};

TEST_F(ContentCodingTest, DecompressesBodies) {
  const std::string text = Lines(5000);
  for (const auto& [name, coding] : {std::pair("gzip", Coding::kGzip),
                                     {"X-Gzip", Coding::kGzip},
                                     {"deflate", Coding::kDeflate}}) {
    const HttpResponse answer =
        Ask(With({{"content-encoding", name}, {"X-Other", "1"}}, Compressed(coding, text)));
    EXPECT_EQ(BodyOf(answer), text);
    ASSERT_EQ(headers_seen_.size(), 1U);
    EXPECT_EQ(headers_seen_[0].name, "X-Other");
  }
  EXPECT_EQ(elsewhere_, 0);
  EXPECT_EQ(BodyOf(Ask(With({{"Content-Encoding", "identity"}}, "plain"))), "plain");
}

TEST_F(ContentCodingTest, LargeBodiesAreReadElsewhere) {
  const std::string text = Lines(3'000'000);
  EXPECT_TRUE(BodyOf(Ask(With({{"Content-Encoding", "gzip"}}, Compressed(Coding::kGzip, text)))) ==
              text);
  EXPECT_EQ(elsewhere_, 1);
}

TEST_F(ContentCodingTest, RefusesWhatItDoesNotKnow) {
  for (const char* const coding : {"br", "gzip, gzip", "zstd, gzip"}) {
    const HttpResponse answer = Ask(With({{"Content-Encoding", coding}}, "x"));
    EXPECT_EQ(answer.status, 415);
    EXPECT_THAT(answer.headers, Contains(Pair("Accept-Encoding", "gzip, deflate")));
  }
  EXPECT_EQ(Ask(With({{"Content-Encoding", "br"}})).status, 200);  // there is no body
}

TEST_F(ContentCodingTest, RefusesBrokenAndHostileBodies) {
  EXPECT_EQ(Ask(With({{"Content-Encoding", "gzip"}}, "no gzip")).status, 400);
  std::string zeros;
  zeros.resize(40'000'000);
  const std::string bomb = Compressed(Coding::kGzip, zeros);
  EXPECT_EQ(Ask(With({{"Content-Encoding", "gzip"}}, bomb)).status, 413);
  options_.body_bytes = 1000;
  EXPECT_EQ(
      Ask(With({{"Content-Encoding", "gzip"}}, Compressed(Coding::kGzip, Lines(5000)))).status,
      413);
}

TEST_F(ContentCodingTest, AHandlerThatThrowsElsewhereAnswers500) {
  on_request_ = [](const HttpRequest&, const Responder&) {
    throw std::runtime_error("on purpose");
  };
  const std::string large = Compressed(Coding::kGzip, Lines(3'000'000));
  EXPECT_EQ(Ask(With({{"Content-Encoding", "gzip"}}, large)).status, 500);
}

TEST_F(ContentCodingTest, CompressesWhatIsLargeAndAskedFor) {
  const std::string text = Lines(5000);
  HttpResponse answer = Ask(With({{"Accept-Encoding", "gzip, deflate"}}, text));
  EXPECT_THAT(answer.headers, Contains(Pair("Content-Encoding", "gzip")));
  EXPECT_THAT(answer.headers, Contains(Pair("Vary", "Accept-Encoding")));
  EXPECT_EQ(BodyOf(answer), Compressed(Coding::kGzip, text));
  answer = Ask(With({{"Accept-Encoding", "deflate"}}, text));
  EXPECT_THAT(answer.headers, Contains(Pair("Content-Encoding", "deflate")));

  const auto plain = Not(Contains(Pair("Content-Encoding", ::testing::_)));
  EXPECT_THAT(Ask(With({}, text)).headers, plain);
  EXPECT_THAT(Ask(With({{"Accept-Encoding", "br"}}, text)).headers, plain);
  EXPECT_THAT(Ask(With({{"Accept-Encoding", "gzip"}}, Lines(1024))).headers, plain);
  on_request_ = [&text](const HttpRequest&, Responder responder) {
    responder.Send(HttpResponse::Text(404, text));
  };
  EXPECT_THAT(Ask(With({{"Accept-Encoding", "gzip"}})).headers, plain) << "an error";
  on_request_ = nullptr;
  options_.compresses = [](const HttpRequest& request) { return request.path == "/no"; };
  EXPECT_THAT(Ask(With({{"Accept-Encoding", "gzip"}}, text)).headers, plain);
  options_.compresses = nullptr;
  options_.compress_answers = false;
  EXPECT_THAT(Ask(With({{"Accept-Encoding", "gzip"}}, text)).headers, plain);
}

TEST_F(ContentCodingTest, LargeAnswersAreCompressedElsewhere) {
  const std::string text = Lines(100'000);
  EXPECT_TRUE(BodyOf(Ask(With({{"Accept-Encoding", "gzip"}}, text))) ==
              Compressed(Coding::kGzip, text));
  EXPECT_EQ(elsewhere_, 1);
}

TEST_F(ContentCodingTest, StreamsPassAsTheyAre) {
  on_request_ = [](const HttpRequest&, Responder responder) {
    auto writer = std::move(responder).Begin(HttpResponse::Text(200, ""));
    writer.Write(Lines(5000));
    writer.End();
  };
  EXPECT_EQ(Ask(With({{"Accept-Encoding", "gzip"}})).body, Lines(5000));
  on_request_ = [](const HttpRequest&, Responder responder) {
    std::move(responder).Begin(HttpResponse::Text(200, "")).Write("x");
  };
  Ask(With({{"Accept-Encoding", "gzip"}}));
  EXPECT_TRUE(sink_->ended_early());
}

TEST(ContentCoding, ChoosesByWeight) {
  const auto chosen = [](std::string_view accept) {
    return CodingOfAnswer(With({{"Accept-Encoding", accept}}));
  };
  EXPECT_EQ(chosen(""), Coding::kIdentity);
  EXPECT_EQ(chosen("gzip"), Coding::kGzip);
  EXPECT_EQ(chosen("deflate, gzip"), Coding::kGzip);
  EXPECT_EQ(chosen("deflate;q=1.0, gzip;q=0.5"), Coding::kDeflate);
  EXPECT_EQ(chosen("gzip;q=0, deflate;q=0"), Coding::kIdentity);
  EXPECT_EQ(chosen("identity, gzip;q=0.9"), Coding::kIdentity);
  EXPECT_EQ(chosen("br, *;q=0.1"), Coding::kGzip);
  EXPECT_EQ(chosen("gzip;q=0, *"), Coding::kDeflate);
  EXPECT_EQ(chosen("br;q=1, zstd"), Coding::kIdentity);
}

}  // namespace
}  // namespace plinth::api
