#include "net/request_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/parser_testing.h"

namespace plinth::net {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using State = RequestParser::State;

// The outcome, which must be the same however the bytes are cut.
std::vector<Parsed> ParseAll(const std::string& bytes, const ParserLimits& limits = {},
                             State* end = nullptr) {
  std::vector<Parsed> whole = ParseInPieces(bytes, bytes.size(), false, limits, end);
  for (const std::size_t piece : {1, 2, 3, 7, 64}) {
    for (const bool direct : {false, true}) {
      State other = State::kIdle;
      EXPECT_EQ(Describe(ParseInPieces(bytes, piece, direct, limits, &other)), Describe(whole))
          << "pieces of " << piece;
      if (end != nullptr) {
        EXPECT_EQ(other, *end) << "pieces of " << piece;
      }
    }
  }
  return whole;
}

Parsed ParseOne(const std::string& bytes, const ParserLimits& limits = {}) {
  std::vector<Parsed> all = ParseAll(bytes, limits);
  EXPECT_EQ(all.size(), 1U);
  return all.empty() ? Parsed{} : std::move(all[0]);
}

void ExpectRefused(const std::string& bytes, int status, const std::string& message,
                   const ParserLimits& limits = {}) {
  const Parsed parsed = ParseOne(bytes, limits);
  EXPECT_EQ(parsed.refused, status) << bytes;
  EXPECT_THAT(parsed.message, HasSubstr(message)) << bytes;
}

TEST(RequestParser, ReadsAGet) {
  const Parsed parsed = ParseOne(
      "GET /models/x?a=1&b=%20 HTTP/1.1\r\nHost: h\r\nX-Thing:  some value \r\nEmpty:\r\n\r\n");
  const HttpRequest& request = parsed.request.request;
  EXPECT_EQ(request.verb, Verb::kGet);
  EXPECT_EQ(request.path, "/models/x");
  EXPECT_EQ(request.query, "a=1&b=%20");
  EXPECT_EQ(request.Find("x-tHING"), "some value");
  EXPECT_EQ(request.Find("empty"), "");
  EXPECT_EQ(request.Find("absent"), "");
  EXPECT_EQ(request.headers.size(), 3U);
  EXPECT_FALSE(request.has_body);
  EXPECT_TRUE(request.body.empty());
  EXPECT_TRUE(parsed.request.keep_alive);
}

TEST(RequestParser, TellsVerbsApart) {
  const std::pair<const char*, Verb> verbs[] = {
      {"GET", Verb::kGet},         {"HEAD", Verb::kHead},     {"POST", Verb::kPost},
      {"PUT", Verb::kPut},         {"DELETE", Verb::kDelete}, {"PATCH", Verb::kPatch},
      {"OPTIONS", Verb::kOptions}, {"BREW", Verb::kOther},    {"get", Verb::kOther}};
  for (const auto& [name, verb] : verbs) {
    EXPECT_EQ(ParseOne(std::string(name) + " / HTTP/1.1\r\nHost: h\r\n\r\n").request.request.verb,
              verb)
        << name;
  }
}

TEST(RequestParser, ReadsABodyOfKnownLength) {
  const std::string body("a\0b\r\n\r\nGET", 10);
  const Parsed parsed =
      ParseOne("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n" + body);
  EXPECT_EQ(parsed.body(), body);
  EXPECT_TRUE(parsed.request.request.has_body);
}

TEST(RequestParser, AnEmptyBodyIsABody) {
  const Parsed parsed = ParseOne("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(parsed.request.request.has_body);
  EXPECT_EQ(parsed.body(), "");
}

TEST(RequestParser, PutsChunksTogether) {
  const Parsed parsed = ParseOne(
      "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "4;name=\"x;y\"\r\nWiki\r\nA\r\npedia in\r\n\r\n0\r\nX-Trailer: 1\r\nHost: other\r\n\r\n");
  EXPECT_EQ(parsed.refused, 0) << parsed.message;
  EXPECT_EQ(parsed.body(), "Wikipedia in\r\n");
  EXPECT_TRUE(parsed.request.request.has_body);
  EXPECT_EQ(parsed.request.request.Find("X-Trailer"), "");
}

TEST(RequestParser, PutsAnEmptyChunkedBodyTogether) {
  const Parsed parsed =
      ParseOne("POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n");
  EXPECT_EQ(parsed.refused, 0) << parsed.message;
  EXPECT_EQ(parsed.body(), "");
  EXPECT_TRUE(parsed.request.request.has_body);
}

TEST(RequestParser, BodiesLargerThanTheFirstReservationArriveWhole) {
  std::string body;
  while (body.size() < 9'000'000) body += std::to_string(body.size()) + ",";
  const std::string head = "POST /p HTTP/1.1\r\nHost: h\r\n";
  const std::string next = "GET /next HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string known =
      head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body + next;
  std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < body.size(); at += 100'000) {
    const std::string part = body.substr(at, 100'000);
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", part.size());
    chunked += size + part + "\r\n";
  }
  chunked += "0\r\n\r\n" + next;
  for (const std::string& bytes : {known, chunked}) {
    for (const bool direct : {false, true}) {
      const std::vector<Parsed> all = ParseInPieces(bytes, 65'536, direct, {});
      ASSERT_EQ(all.size(), 2U);
      EXPECT_TRUE(all[0].body() == body);
      EXPECT_EQ(all[1].request.request.path, "/next");
    }
  }
}

TEST(RequestParser, BytesBehindTheBodyAreReadableAndZero) {
  for (const std::string framing : {"Content-Length: 3\r\n\r\nabc",
                                    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"}) {
    const Parsed parsed = ParseOne("POST /p HTTP/1.1\r\nHost: h\r\n" + framing);
    const std::byte* const behind = parsed.request.request.body.data() + 3;
    for (std::size_t i = 0; i < HttpRequest::kBodyPadding; ++i) EXPECT_EQ(behind[i], std::byte{0});
  }
}

TEST(RequestParser, AnnouncedLengthAloneReservesLittle) {
  const ParserLimits limits;
  RequestParser parser(limits);
  const std::string head = "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 67108864\r\n\r\n";
  parser.Parse(head);
  EXPECT_LE(parser.BodySpace().size(), 1024U * 1024U);
}

TEST(RequestParser, ReadsPipelinedRequestsInOrder) {
  const std::vector<Parsed> all = ParseAll(
      "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab\r\n"  // an old client's extra
                                                                        // line end
      "POST /2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nc\r\n0\r\n\r\n"
      "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /4 HTTP/1.1\r\nHost");
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].request.request.path, "/1");
  EXPECT_EQ(all[0].body(), "ab");
  EXPECT_EQ(all[1].request.request.path, "/2");
  EXPECT_EQ(all[1].body(), "c");
  EXPECT_EQ(all[2].request.request.path, "/3");
  EXPECT_FALSE(all[2].request.request.has_body);
}

TEST(RequestParser, RequestsOutliveTheParserAndTheBytes) {
  HttpRequest request;
  {
    const ParserLimits limits;
    RequestParser parser(limits);
    const std::string bytes = "POST /p?q HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab";
    parser.Parse(bytes);
    request = parser.Take().request;
  }
  EXPECT_EQ(request.path, "/p");
  EXPECT_EQ(request.query, "q");
  EXPECT_EQ(request.Find("Host"), "h");
  EXPECT_EQ(std::string_view(request.body.As<char>(), request.body.size()), "ab");
}

TEST(RequestParser, KeepAliveFollowsVersionAndHeader) {
  const auto keep_alive = [](const std::string& version, const std::string& connection) {
    const std::string header = connection.empty() ? "" : "Connection: " + connection + "\r\n";
    return ParseOne("GET / HTTP/" + version + "\r\nHost: h\r\n" + header + "\r\n")
        .request.keep_alive;
  };
  EXPECT_TRUE(keep_alive("1.1", ""));
  EXPECT_FALSE(keep_alive("1.1", "close"));
  EXPECT_FALSE(keep_alive("1.1", "TE, Close"));
  EXPECT_FALSE(keep_alive("1.0", ""));
  EXPECT_TRUE(keep_alive("1.0", "Keep-Alive"));
}

TEST(RequestParser, AcceptsTheAbsoluteForm) {
  const auto target = [](const std::string& text) {
    const Parsed parsed = ParseOne("GET " + text + " HTTP/1.1\r\nHost: h\r\n\r\n");
    return std::string(parsed.request.request.path) + " " +
           std::string(parsed.request.request.query);
  };
  EXPECT_EQ(target("http://h:1/a/b?c"), "/a/b c");
  EXPECT_EQ(target("HTTPS://h"), "/ ");
  EXPECT_EQ(target("http://h?c"), "/ c");
  EXPECT_EQ(target("/a?b?c"), "/a b?c");
}

TEST(RequestParser, TellsOnceWhetherTheClientWaits) {
  const auto waits = [](const std::string& version, const std::string& rest) {
    const ParserLimits limits;
    RequestParser parser(limits);
    const std::string bytes =
        "POST /p HTTP/" + version + "\r\nHost: h\r\nExpect: 100-Continue\r\n" + rest;
    parser.Parse(bytes);
    const bool first = parser.TakeExpectsContinue();
    EXPECT_FALSE(parser.TakeExpectsContinue());
    return first;
  };
  EXPECT_TRUE(waits("1.1", "Content-Length: 5\r\n\r\n"));
  EXPECT_TRUE(waits("1.1", "Transfer-Encoding: chunked\r\n\r\n"));
  EXPECT_FALSE(waits("1.1", "Content-Length: 5\r\n\r\na"));  // it did not wait
  EXPECT_FALSE(waits("1.1", "Content-Length: 0\r\n\r\n"));
  EXPECT_FALSE(waits("1.0", "Content-Length: 5\r\n\r\n"));
  EXPECT_FALSE(waits("1.1", "Content-Length: 99999999999\r\n\r\n"));  // refused
}

TEST(RequestParser, RefusesMalformedRequestLines) {
  for (const std::string line :
       {"GET", "GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", "GET / HTTP/x.1", "GET / FTP/1.1",
        " GET / HTTP/1.1", "G(T / HTTP/1.1", "GET /a b HTTP/1.1", "\x16\x03\x01\x02"}) {
    ExpectRefused(line + "\r\nHost: h\r\n\r\n", 400, "malformed request line");
  }
  ExpectRefused("GET x HTTP/1.1\r\nHost: h\r\n\r\n", 400, "must begin with '/'");
  ExpectRefused("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 400, "must begin with '/'");
}

TEST(RequestParser, RefusesOtherVersions) {
  ExpectRefused("GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505, "use HTTP/1.1");
  ExpectRefused("GET / HTTP/0.9\r\nHost: h\r\n\r\n", 505, "use HTTP/1.1");
  ExpectRefused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "use HTTP/1.1");
}

TEST(RequestParser, RefusesMalformedHeaders) {
  const auto refused = [](const std::string& field, const std::string& message) {
    ExpectRefused("GET / HTTP/1.1\r\nHost: h\r\n" + field + "\r\n\r\n", 400, message);
  };
  refused("No colon", "malformed header field");
  refused(": no name", "malformed header field");
  refused("Space : x", "malformed header field");
  refused("Folded: a\r\n b", "malformed header field");
  refused("Folded:\r\n b", "malformed header field");
  refused("Folded: a\r\n \r\nX: y", "malformed header field");
  refused(std::string("Nul: a\0b", 8), "not allowed");
  refused("Bell: \a", "not allowed");
  refused("Bare: a\rb", "CR LF");
  refused("Bare: a\nb", "not allowed");
}

TEST(RequestParser, WantsExactlyOneHost) {
  ExpectRefused("GET / HTTP/1.1\r\n\r\n", 400, "Host");
  ExpectRefused("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400, "more than one Host");
  EXPECT_EQ(ParseOne("GET / HTTP/1.0\r\n\r\n").refused, 0);
}

TEST(RequestParser, RefusesAmbiguousBodies) {
  const auto refused = [](const std::string& fields, int status = 400) {
    const Parsed parsed = ParseOne("POST / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n\r\n0\r\n\r\n");
    EXPECT_EQ(parsed.refused, status) << fields;
  };
  refused("Content-Length: 5\r\nTransfer-Encoding: chunked");
  refused("Transfer-Encoding: chunked\r\nContent-Length: 5");
  refused("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked");
  refused("Content-Length: 5\r\nContent-Length: 6");
  refused("Content-Length: 5, 6");
  refused("Content-Length: -1");
  refused("Content-Length: +5");
  refused("Content-Length: 0x5");
  refused("Content-Length: 5 5");
  refused("Content-Length:");
  refused("Content-Length: 99999999999999999999999");
  refused("Transfer-Encoding: gzip", 501);
  refused("Transfer-Encoding: gzip, chunked", 501);
  refused("Transfer-Encoding: chunked, chunked", 501);
  refused("Transfer-Encoding: \"chunked\"", 501);
  refused("Transfer-Encoding : chunked");
  ExpectRefused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "HTTP/1.0");
}

TEST(RequestParser, RefusesMalformedChunks) {
  const auto refused = [](const std::string& chunks) {
    const Parsed parsed =
        ParseOne("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
    EXPECT_EQ(parsed.refused, 400) << chunks;
  };
  refused("x\r\n");
  refused("-1\r\n");
  refused(" 1\r\na\r\n");
  refused("1\r\nab\r\n0\r\n\r\n");
  refused("1\r\na0\r\n\r\n");
  refused("\r\n");
  refused("1 x\r\na\r\n");
  refused("1\na\r\n0\r\n\r\n");
  refused("0\r\nbad trailer\r\n\r\n");
}

TEST(RequestParser, LimitsHeaders) {
  const std::string start = "GET / HTTP/1.1\r\nHost: h\r\n";
  ExpectRefused(start + "X: " + std::string(20'000, 'x') + "\r\n\r\n", 431, "16384 bytes");
  ExpectRefused("GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n", 431,
                "16384 bytes");
  ExpectRefused(start + std::string(20'000, 'x'), 431, "16384 bytes");
  std::string fields;
  for (int i = 0; i < 100; ++i) fields += "A: b\r\n";
  ExpectRefused(start + fields + "\r\n", 431, "more than 100 header fields");
  EXPECT_EQ(ParseOne(start + "X: " + std::string(16'000, 'x') + "\r\n\r\n").refused, 0);
}

TEST(RequestParser, LimitsBodies) {
  const ParserLimits limits = {.header_bytes = 1000, .header_fields = 10, .body_bytes = 100};
  const std::string start = "POST / HTTP/1.1\r\nHost: h\r\n";
  ExpectRefused(start + "Content-Length: 101\r\n\r\n", 413, "100 bytes", limits);
  EXPECT_EQ(ParseOne(start + "Content-Length: 100\r\n\r\n" + std::string(100, 'x'), limits).refused,
            0);
  const std::string chunked = start + "Transfer-Encoding: chunked\r\n\r\n";
  const std::string chunk = "32\r\n" + std::string(50, 'x') + "\r\n";
  EXPECT_EQ(ParseOne(chunked + chunk + chunk + "0\r\n\r\n", limits).refused, 0);
  ExpectRefused(chunked + chunk + chunk + "1\r\n", 413, "100 bytes", limits);
  ExpectRefused(chunked + "ffffffffffffffff\r\n", 413, "100 bytes", limits);
}

TEST(RequestParser, LargeBodiesShareABudget) {
  const ParserLimits limits;
  const auto budget = std::make_shared<ByteBudget>(200'000);
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 150000\r\n\r\n";
  const std::string large = head + std::string(150'000, 'x');
  RequestParser first(limits, budget);
  first.Parse(large);
  ASSERT_EQ(first.state(), State::kComplete);
  HttpRequest request = first.Take().request;
  const std::size_t counted = budget->used();
  EXPECT_GT(counted, 0U);

  const auto try_another = [&](bool direct) {
    RequestParser parser(limits, budget);
    if (direct) {
      parser.Parse(head);
      while (parser.state() == State::kBody) parser.BodyReceived(parser.BodySpace().size());
    } else {
      parser.Parse(large);
    }
    return parser.state() == State::kFailed ? StatusOf(parser.refusal()) : 200;
  };
  EXPECT_EQ(try_another(false), 200);  // both fit, and the second has gone
  EXPECT_EQ(budget->used(), counted);
  RequestParser second(limits, budget);
  second.Parse(large);
  EXPECT_EQ(try_another(false), 429);
  EXPECT_EQ(try_another(true), 429);

  second.Take();
  Buffer slice = request.body.Slice(10, 10);
  request = {};
  EXPECT_EQ(budget->used(), counted);  // the slice keeps the body
  slice = Buffer();
  EXPECT_EQ(budget->used(), 0U);
}

TEST(RequestParser, LimitsChunkExtensionsAndTrailers) {
  const ParserLimits limits = {.header_bytes = 1000, .header_fields = 10, .body_bytes = 100};
  const std::string chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  ExpectRefused(chunked + "1;" + std::string(2000, 'x'), 431, "chunk extension", limits);
  std::string trailers;
  for (int i = 0; i < 500; ++i) trailers += "A: b\r\n";
  ExpectRefused(chunked + "0\r\n" + trailers, 431, "chunk extension", limits);
}

TEST(RequestParser, SaysWhereItStands) {
  State end = State::kFailed;
  EXPECT_TRUE(ParseAll("\r\n\r\n", {}, &end).empty());
  EXPECT_EQ(end, State::kIdle);
  EXPECT_TRUE(ParseAll("GE", {}, &end).empty());
  EXPECT_EQ(end, State::kHeader);
  EXPECT_TRUE(
      ParseAll("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na", {}, &end).empty());
  EXPECT_EQ(end, State::kBody);
}

}  // namespace
}  // namespace plinth::net
