// HTTP/2 as its clients see it, over real sockets.
#include "net/http2_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "net/http2_client.h"
#include "net/http2_upgrade.h"
#include "net/server_fixture.h"

namespace plinth::net {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Http2Test : public HttpServerTest {
 protected:
  Http2Client Client() { return Http2Client(server_->port()); }
};

// A frame as bytes.
std::string Frame(std::uint8_t type, std::uint8_t flags, std::int32_t id,
                  const std::string& payload, std::size_t announced = std::string::npos) {
  const std::size_t size = announced == std::string::npos ? payload.size() : announced;
  std::string frame;
  for (const int shift : {16, 8, 0}) frame.push_back(static_cast<char>(size >> shift));
  frame.push_back(static_cast<char>(type));
  frame.push_back(static_cast<char>(flags));
  for (const int shift : {24, 16, 8, 0}) frame.push_back(static_cast<char>(id >> shift));
  return frame + payload;
}

// The error code of the GOAWAY with which the server ends the connection; -1: there was none.
int GoAwayError(RawClient& client) {
  const std::string all = client.Rest();
  for (std::size_t at = 0; at + 9 <= all.size();) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(all[at + i]); };
    const std::size_t size = byte(0) << 16 | byte(1) << 8 | byte(2);
    if (byte(3) == NGHTTP2_GOAWAY && at + 9 + size <= all.size()) return byte(16);
    at += 9 + size;
  }
  return -1;
}

TEST_F(Http2Test, AnswersARequest) {
  Serve();
  Http2Client client = Client();
  const Http2Answer answer = client.Ask(Head("GET", "/hello"));
  EXPECT_EQ(answer.status(), "200");
  EXPECT_EQ(answer.body, "/hello");
  EXPECT_EQ(answer.fields.at("server"), "plinth");
  EXPECT_EQ(answer.fields.at("content-length"), "6");
  EXPECT_EQ(answer.fields.at("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(answer.fields.count("date"), 1U);
  EXPECT_EQ(client.Ask(Head("GET", "/again?x=y")).body, "/again");
}

TEST_F(Http2Test, AnswersInAnyOrder) {
  Serve();
  Http2Client client = Client();
  const std::int32_t first = client.Begin(Head("GET", "/shelf"));
  const std::int32_t second = client.Begin(Head("POST", "/shelf"), "body");
  EXPECT_EQ(client.Ask(Head("GET", "/third")).body, "/third");
  auto one = shelf_.Take();
  auto two = shelf_.Take();
  two.second.Send(HttpResponse::Text(200, "two"));
  EXPECT_EQ(client.Finish(second).body, "two");
  one.second.Send(HttpResponse::Text(200, "one"));
  EXPECT_EQ(client.Finish(first).body, "one");
}

TEST_F(Http2Test, TakesAndGivesLargeBodies) {
  Serve();
  std::string body(20'000'000, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 2654435761U >> 24);
  Http2Client client = Client();
  EXPECT_TRUE(client.Ask(Head("POST", "/echo"), body).body == body);
  EXPECT_TRUE(
      client.Ask(Head("POST", "/echo", {{"content-length", std::to_string(body.size())}}), body)
          .body == body);
}

TEST_F(Http2Test, TakesRequestsByteByByte) {
  Serve();
  RawClient client = Connect();
  std::string bytes(kHttp2Preface);
  bytes += Frame(NGHTTP2_SETTINGS, 0, 0, "");
  // :method POST, :scheme http, :path /echo, :authority t
  const std::string head = std::string("\x83\x86\x04\x05/echo\x01\x01t", 12);
  bytes += Frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, head);
  bytes += Frame(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, "drip");
  for (const char c : bytes) client.Send({&c, 1});
  std::string got;
  while (got.find("drip") == std::string::npos) {
    const std::string more = client.ReadSome();
    ASSERT_FALSE(more.empty());
    got += more;
  }
}

TEST_F(Http2Test, HeadHasTheHeadersOnly) {
  Serve();
  Http2Client client = Client();
  const Http2Answer answer = client.Ask(Head("HEAD", "/big?100000"));
  EXPECT_EQ(answer.fields.at("content-length"), "100000");
  EXPECT_EQ(answer.body, "");
}

TEST_F(Http2Test, UpgradesFromHttp1) {
  Serve();
  RawClient client = Connect();
  client.Send(
      "GET /upgraded HTTP/1.1\r\nHost: t\r\nConnection: Upgrade, HTTP2-Settings\r\n"
      "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n");
  EXPECT_THAT(client.Answer(/*head_only=*/true), StartsWith("HTTP/1.1 101 Switching Protocols"));
  client.Send(std::string(kHttp2Preface) + Frame(NGHTTP2_SETTINGS, 0, 0, ""));
  std::string got;
  while (got.find("/upgraded") == std::string::npos) {
    const std::string more = client.ReadSome();
    ASSERT_FALSE(more.empty());
    got += more;
  }
  // Settings that cannot be: the request is answered in HTTP/1.1.
  EXPECT_THAT(Ask(Get("/x",
                      "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                      "HTTP2-Settings: ?\r\n")),
              StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(Http2Test, RefusesBodiesOverTheLimit) {
  Serve({.limits = {.header_bytes = 1024, .header_fields = 10, .body_bytes = 1000}});
  Http2Client client = Client();
  const std::string body(100'000, 'x');
  const Http2Answer announced =
      client.Ask(Head("POST", "/echo", {{"content-length", "100000"}}), body);
  EXPECT_EQ(announced.status(), "413");
  EXPECT_THAT(announced.body, HasSubstr("PAYLOAD_TOO_LARGE"));
  EXPECT_EQ(client.Ask(Head("POST", "/echo"), body).status(), "413");
  EXPECT_EQ(client.Ask(Head("POST", "/echo"), std::string(1000, 'x')).status(), "200");
  EXPECT_EQ(handled_, 1);
}

TEST_F(Http2Test, RefusesHeadersOverTheLimit) {
  Serve({.limits = {.header_bytes = 1024, .header_fields = 10, .body_bytes = 1000}});
  Http2Client client = Client();
  EXPECT_EQ(client.Ask(Head("GET", "/x", {{"large", std::string(2000, 'x')}})).status(), "431");
  Http2Client::Fields many;
  for (int i = 0; i < 20; ++i) many.emplace_back(std::to_string(i).insert(0, 1, 'f'), "x");
  EXPECT_EQ(client.Ask(Head("GET", "/x", many)).status(), "431");
  EXPECT_EQ(client.Ask(Head("GET", "/x")).status(), "200");
}

TEST_F(Http2Test, LargeBodiesTogetherAreLimited) {
  Serve({.body_memory = 1'000'000});
  Http2Client client = Client();
  EXPECT_EQ(client.Ask(Head("POST", "/echo"), std::string(2'000'000, 'x')).status(), "429");
  EXPECT_EQ(client.Ask(Head("POST", "/echo"), std::string(900'000, 'x')).status(), "200");
}

TEST_F(Http2Test, AHandlerThatDropsOrThrowsAnswers500) {
  Serve();
  Http2Client client = Client();
  EXPECT_EQ(client.Ask(Head("GET", "/drop")).status(), "500");
  EXPECT_EQ(client.Ask(Head("GET", "/throw")).status(), "500");
  EXPECT_EQ(client.Ask(Head("GET", "/still-here")).status(), "200");
}

TEST_F(Http2Test, ACancelledStreamCancelsItsRequest) {
  Serve();
  Http2Client client = Client();
  const std::int32_t id = client.Begin(Head("GET", "/shelf"));
  auto [request, responder] = shelf_.Take();
  EXPECT_FALSE(responder.cancelled());
  client.Cancel(id);
  EXPECT_TRUE(Eventually([&, &gone = responder] { return gone.cancelled(); }));
  responder.Send(HttpResponse::Text(200, "too late"));
  EXPECT_EQ(client.Ask(Head("GET", "/x")).body, "/x");
}

TEST_F(Http2Test, NoticesThatTheClientHasGone) {
  Serve();
  auto client = std::make_unique<Http2Client>(server_->port());
  client->Begin(Head("GET", "/shelf"));
  auto [request, responder] = shelf_.Take();
  client.reset();
  EXPECT_TRUE(Eventually([&, &gone = responder] { return gone.cancelled(); }));
  responder.Send(HttpResponse::Text(200, "too late"));
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
}

TEST_F(Http2Test, CancelledRequestsCountUntilTheirHandlersAreDone) {
  Serve({.max_streams = 4});
  Http2Client client = Client();
  for (int i = 0; i < 4; ++i) client.Cancel(client.Begin(Head("GET", "/shelf")));
  const Http2Answer refused = client.Ask(Head("GET", "/x"));
  EXPECT_EQ(refused.error, static_cast<std::uint32_t>(NGHTTP2_REFUSED_STREAM));
  for (int i = 0; i < 4; ++i) shelf_.Take().second.Send(HttpResponse::Text(200, "late"));
  EXPECT_TRUE(Eventually([&] { return client.Ask(Head("GET", "/x")).status() == "200"; }));
}

TEST_F(Http2Test, AnswersPings) {
  Serve();
  Http2Client client = Client();
  nghttp2_submit_ping(client.session(), NGHTTP2_FLAG_NONE, nullptr);
  client.Flush();
  EXPECT_TRUE(client.ReadUntil([&] { return client.pings_answered() == 1; }));
}

TEST_F(Http2Test, SendsFloodersAway) {
  Serve();
  const std::string start = std::string(kHttp2Preface) + Frame(NGHTTP2_SETTINGS, 0, 0, "");
  const std::string head = std::string("\x83\x86\x04\x06/shelf\x01\x01t", 13);
  const std::string open = Frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, head);
  const std::pair<std::string, std::string> floods[] = {
      {"pings", Frame(NGHTTP2_PING, 0, 0, "12345678")},
      {"settings", Frame(NGHTTP2_SETTINGS, 0, 0, "")},
      {"empty data", Frame(NGHTTP2_DATA, 0, 1, "")},
      {"window updates", Frame(NGHTTP2_WINDOW_UPDATE, 0, 0, std::string("\0\0\0\1", 4))},
      {"priorities", Frame(NGHTTP2_PRIORITY, 0, 1, std::string("\0\0\0\0\0", 5))},
  };
  for (const auto& [name, frame] : floods) {
    RawClient client = Connect();
    client.Send(start + open);
    std::string batch;
    for (int i = 0; i < 1000; ++i) batch += frame;
    int batches = 0;
    while (batches < 100 && client.Send(batch)) ++batches;
    EXPECT_EQ(GoAwayError(client), NGHTTP2_ENHANCE_YOUR_CALM) << name;
  }
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
}

TEST_F(Http2Test, RapidResetsAreCutOff) {
  Serve();
  RawClient client = Connect();
  std::string bytes = std::string(kHttp2Preface) + Frame(NGHTTP2_SETTINGS, 0, 0, "");
  const std::string head = std::string("\x82\x86\x04\x02/x\x01\x01t", 9);
  std::int32_t id = 1;
  bool open = true;
  for (int i = 0; i < 100 && open; ++i) {
    for (int j = 0; j < 200; ++j, id += 2) {
      bytes += Frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, id, head);
      bytes += Frame(NGHTTP2_RST_STREAM, 0, id, std::string("\0\0\0\x8", 4));
    }
    open = client.Send(bytes);
    bytes.clear();
  }
  EXPECT_THAT(GoAwayError(client),
              ::testing::AnyOf(-1, NGHTTP2_INTERNAL_ERROR, NGHTTP2_ENHANCE_YOUR_CALM));
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
}

TEST_F(Http2Test, EndlessHeadersAreCutOff) {
  Serve();
  RawClient client = Connect();
  client.Send(std::string(kHttp2Preface) + Frame(NGHTTP2_SETTINGS, 0, 0, ""));
  const std::string head = std::string("\x82\x86\x04\x02/x\x01\x01t", 9);
  client.Send(Frame(NGHTTP2_HEADERS, 0, 1, head));
  const std::string more = Frame(NGHTTP2_CONTINUATION, 0, 1, std::string("\x00\x01x\x01y", 5));
  for (int i = 0; i < 1000; ++i) client.Send(more);
  EXPECT_EQ(GoAwayError(client), NGHTTP2_PROTOCOL_ERROR);
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
}

TEST_F(Http2Test, FramingErrorsEndTheConnectionWithTheirCode) {
  Serve();
  const std::string start = std::string(kHttp2Preface) + Frame(NGHTTP2_SETTINGS, 0, 0, "");
  const std::string head = std::string("\x83\x86\x04\x06/shelf\x01\x01t", 13);
  const struct {
    std::string what;
    std::string bytes;
    int error;
  } cases[] = {
      {"no settings first", std::string(kHttp2Preface) + Frame(NGHTTP2_PING, 0, 0, "12345678"),
       NGHTTP2_PROTOCOL_ERROR},
      {"a frame that is too large", start + Frame(NGHTTP2_DATA, 0, 1, "", 20'000),
       NGHTTP2_FRAME_SIZE_ERROR},
      {"a ping of seven bytes", start + Frame(NGHTTP2_PING, 0, 0, "1234567"),
       NGHTTP2_FRAME_SIZE_ERROR},
      {"settings of five bytes", start + Frame(NGHTTP2_SETTINGS, 0, 0, "12345"),
       NGHTTP2_FRAME_SIZE_ERROR},
      {"data on stream 0", start + Frame(NGHTTP2_DATA, 0, 0, "x"), NGHTTP2_PROTOCOL_ERROR},
      {"data on an idle stream", start + Frame(NGHTTP2_DATA, 0, 3, "x"), NGHTTP2_PROTOCOL_ERROR},
      {"a head on stream 0", start + Frame(NGHTTP2_HEADERS, 4, 0, head), NGHTTP2_PROTOCOL_ERROR},
      {"a head on an even stream", start + Frame(NGHTTP2_HEADERS, 4, 2, head),
       NGHTTP2_PROTOCOL_ERROR},
      {"broken HPACK", start + Frame(NGHTTP2_HEADERS, 5, 1, "\xff\xff\xff\xff\xff\xff\xff"),
       NGHTTP2_COMPRESSION_ERROR},
      {"another frame within a head",
       start + Frame(NGHTTP2_HEADERS, 1, 1, head) + Frame(NGHTTP2_PING, 0, 0, "12345678"),
       NGHTTP2_PROTOCOL_ERROR},
      {"a continuation of nothing", start + Frame(NGHTTP2_CONTINUATION, 4, 1, head),
       NGHTTP2_PROTOCOL_ERROR},
      {"a push promise", start + Frame(NGHTTP2_PUSH_PROMISE, 4, 1, "1234" + head),
       NGHTTP2_PROTOCOL_ERROR},
      {"a window over 2^31-1", start + Frame(NGHTTP2_WINDOW_UPDATE, 0, 0, "\x7f\xff\xff\xff"),
       NGHTTP2_FLOW_CONTROL_ERROR},
  };
  for (const auto& bad : cases) {
    RawClient client = Connect();
    client.Send(bad.bytes);
    EXPECT_EQ(GoAwayError(client), bad.error) << bad.what;
  }
}

TEST_F(Http2Test, TimesOutWhatStalls) {
  Serve({.header_timeout = milliseconds(50), .body_timeout = milliseconds(50)});
  Http2Client client = Client();
  const std::int32_t id = client.Begin(Head("POST", "/echo"), "abc", /*complete=*/false);
  EXPECT_EQ(client.Finish(id).status(), "408");
  RawClient raw = Connect();
  const std::string head = std::string("\x83\x86\x04\x06/shelf\x01\x01t", 13);
  raw.Send(std::string(kHttp2Preface) + Frame(NGHTTP2_SETTINGS, 0, 0, "") +
           Frame(NGHTTP2_HEADERS, 0, 1, head));
  EXPECT_EQ(GoAwayError(raw), NGHTTP2_ENHANCE_YOUR_CALM);
}

TEST_F(Http2Test, ClosesIdleConnectionsWithAGoAway) {
  Serve({.idle_timeout = milliseconds(50)});
  Http2Client client = Client();
  EXPECT_EQ(client.Ask(Head("GET", "/x")).status(), "200");
  client.ReadUntil([] { return false; });
  EXPECT_TRUE(client.goaway());
  EXPECT_EQ(client.goaway_error(), static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
}

TEST_F(Http2Test, GivesUpOnStreamsWhoseAnswersAreNotTaken) {
  Serve({.write_timeout = milliseconds(50)});
  Http2Client client(server_->port(), /*auto_window=*/false);
  const std::int32_t id = client.Begin(Head("GET", "/big?1000000"));
  EXPECT_EQ(client.Finish(id).error, static_cast<std::uint32_t>(NGHTTP2_CANCEL));
  EXPECT_EQ(client.answer(id).body.size(), 65535U);
}

TEST_F(Http2Test, GivesUpOnClientsThatDoNotRead) {
  Serve({.write_timeout = milliseconds(50)});
  RawClient client(server_->port(), /*receive_buffer=*/4096);
  std::string bytes = std::string(kHttp2Preface) +
                      Frame(NGHTTP2_SETTINGS, 0, 0, std::string("\0\4\x7f\xff\xff\xff", 6)) +
                      Frame(NGHTTP2_WINDOW_UPDATE, 0, 0, std::string("\x70\0\0\0", 4));
  client.Send(bytes + Frame(NGHTTP2_HEADERS, 5, 1,
                            std::string("\x82\x86\x04\x0d/big?50000000\x01\x01t", 20)));
  EXPECT_TRUE(Eventually([&] { return handled_ == 1; }));
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
}

TEST_F(Http2Test, DrainLetsRequestsInFlightFinish) {
  Serve();
  Http2Client client = Client();
  const std::int32_t id = client.Begin(Head("GET", "/shelf"));
  auto [request, responder] = shelf_.Take();
  std::thread drain([&] { server_->Drain(std::chrono::hours(1)); });
  EXPECT_TRUE(client.ReadUntil([&] { return client.goaway(); }));
  EXPECT_EQ(client.goaway_error(), static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
  responder.Send(HttpResponse::Text(200, "done"));
  EXPECT_EQ(client.Finish(id).body, "done");
  EXPECT_FALSE(client.ReadUntil([] { return false; }));  // and closes
  drain.join();
}

TEST_F(Http2Test, DrainCutsOffWhatTakesTooLong) {
  Serve();
  Http2Client client = Client();
  client.Begin(Head("GET", "/shelf"));
  auto [request, responder] = shelf_.Take();
  server_->Drain(milliseconds(30));
  EXPECT_TRUE(responder.cancelled());
  server_.reset();
  responder.Send(HttpResponse::Text(200, "nobody listens"));
}

TEST_F(Http2Test, AnswersFromOtherThreadsFindTheirStreams) {
  Serve();
  std::vector<std::thread> answerers;
  constexpr int kAnswerers = 3;
  for (int i = 0; i < kAnswerers; ++i) {
    answerers.emplace_back([&] {
      for (;;) {
        auto [request, responder] = shelf_.Take();
        if (request.query == "stop") return;
        responder.Send(HttpResponse::Text(200, std::string(request.query)));
      }
    });
  }
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([this, i] {
      Http2Client client(server_->port());
      for (int round = 0; round < 20; ++round) {
        std::map<std::int32_t, std::string> expected;
        for (int j = 0; j < 8; ++j) {
          const std::string name = std::to_string(i) + "-" + std::to_string(j);
          expected[client.Begin(Head("GET", "/shelf?" + name))] = name;
        }
        for (const auto& [id, name] : expected) ASSERT_EQ(client.Finish(id).body, name);
      }
    });
  }
  for (std::thread& client : clients) client.join();
  Http2Client stopper = Client();
  for (int i = 0; i < kAnswerers; ++i) stopper.Begin(Head("GET", "/shelf?stop"));
  for (std::thread& answerer : answerers) answerer.join();
}

}  // namespace
}  // namespace plinth::net
