// Answers in slices and answers in pieces, as their clients see them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "net/server_fixture.h"

namespace plinth::net {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kClosing = "Connection: close\r\n";

class StreamingTest : public HttpServerTest {
 protected:
  // A client whose request has come to the shelf, and the way back to it.
  Responder Begun(RawClient& client, const std::string& request) {
    client.Send(request);
    return std::move(shelf_.Take().second);
  }
};

std::string Dechunked(std::string_view body) {
  std::string result;
  for (;;) {
    const std::size_t end = body.find("\r\n");
    if (end == std::string_view::npos) return result + "<cut off>";
    const std::size_t size = std::stoul(std::string(body.substr(0, end)), nullptr, 16);
    body.remove_prefix(end + 2);
    if (size == 0) return result + std::string(body.substr(2));
    if (body.size() < size + 2) return result + "<cut off>";
    result += body.substr(0, size);
    body.remove_prefix(size + 2);
  }
}

TEST_F(StreamingTest, SlicesFollowTheBodyAndAreLetGo) {
  Serve();
  RawClient client(server_->port(), /*receive_buffer=*/4096);
  Responder responder = Begun(client, Get("/shelf") + Get("/next"));
  const auto large = std::make_shared<std::string>(5'000'000, 'l');
  const auto small = std::make_shared<std::string>("small");
  HttpResponse response = HttpResponse::Text(200, "head ");
  response.tail.push_back(Buffer::Share(large, large->data(), large->size()));
  response.tail.push_back(Buffer::Share(small, small->data(), small->size()));
  response.tail.push_back(Buffer::Share(large, large->data(), large->size()));
  responder.Send(std::move(response));
  const std::string answer = client.Answer();
  EXPECT_THAT(answer, HasSubstr("Content-Length: 10000010\r\n"));
  EXPECT_TRUE(BodyOf(answer) == "head " + *large + *small + *large);
  EXPECT_EQ(BodyOf(client.Answer()), "/next");
  EXPECT_TRUE(Eventually([&] { return large.use_count() == 1 && small.use_count() == 1; }));
}

TEST_F(StreamingTest, HeadCountsSlices) {
  Serve();
  RawClient client = Connect();
  Responder responder = Begun(client, "HEAD /shelf HTTP/1.1\r\nHost: t\r\n\r\n");
  HttpResponse response = HttpResponse::Text(200, "12345");
  response.tail.push_back(Buffer::FromString("678"));
  responder.Send(std::move(response));
  EXPECT_THAT(client.Answer(/*head_only=*/true), HasSubstr("Content-Length: 8\r\n"));
}

TEST_F(StreamingTest, PiecesAreChunksAndTheConnectionStays) {
  Serve();
  RawClient client = Connect();
  Responder responder = Begun(client, Get("/shelf") + Get("/next", std::string(kClosing)));
  BodyWriter writer = std::move(responder).Begin(HttpResponse::Text(200, ""));
  const std::string head = client.Answer(/*head_only=*/true);
  EXPECT_THAT(head, HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
  writer.Write("one ");
  writer.Write("");  // no piece: an empty chunk would end the body
  writer.Write(std::string(100'000, 'x'));
  writer.End();
  const std::string rest = client.Rest();
  const std::string body = Dechunked(rest);
  EXPECT_TRUE(body.starts_with("one " + std::string(100'000, 'x') + "HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(body, EndsWith("/next"));
}

TEST_F(StreamingTest, APieceGoesOutWhenItIsWritten) {
  Serve();
  RawClient client = Connect();
  Responder responder = Begun(client, Get("/shelf"));
  BodyWriter writer = std::move(responder).Begin(HttpResponse::Text(200, ""));
  client.Answer(/*head_only=*/true);
  for (int i = 0; i < 3; ++i) {
    writer.Write("tick\r\n\r\n");
    EXPECT_EQ(client.Answer(/*head_only=*/true),
              (i == 0 ? "8\r\n" : "\r\n8\r\n") + std::string("tick\r\n\r\n"));
  }
  writer.End();
}

TEST_F(StreamingTest, AHandlerMayStreamAtOnce) {
  Serve();
  RawClient client = Connect();
  client.Send(Get("/pieces?abc") + Get("/pieces?de", std::string(kClosing)));
  const std::string answers = client.Rest();
  EXPECT_EQ(Dechunked(BodyOf(answers)).substr(0, 11), "abcHTTP/1.1");
  EXPECT_THAT(answers, EndsWith("1\r\nd\r\n1\r\ne\r\n0\r\n\r\n"));
}

TEST_F(StreamingTest, OldClientsReadUntilTheEnd) {
  Serve();
  RawClient client = Connect();
  Responder responder = Begun(client, "GET /shelf HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  BodyWriter writer = std::move(responder).Begin(HttpResponse::Text(200, ""));
  writer.Write("one ");
  writer.Write("two");
  writer.End();
  const std::string answer = client.Rest();
  EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
  EXPECT_EQ(BodyOf(answer), "one two");
}

TEST_F(StreamingTest, AHeadRequestGetsNoPieces) {
  Serve();
  RawClient client = Connect();
  Responder responder = Begun(client, "HEAD /shelf HTTP/1.1\r\nHost: t\r\n\r\n" + Get("/next"));
  BodyWriter writer = std::move(responder).Begin(HttpResponse::Text(200, ""));
  writer.Write("not for you");
  writer.End();
  client.Answer(/*head_only=*/true);
  EXPECT_EQ(BodyOf(client.Answer()), "/next");
}

TEST_F(StreamingTest, AWriterThatIsDroppedCutsTheAnswerOff) {
  Serve();
  RawClient client = Connect();
  Responder responder = Begun(client, Get("/shelf"));
  {
    BodyWriter writer = std::move(responder).Begin(HttpResponse::Text(200, ""));
    writer.Write("beginning");
  }
  EXPECT_EQ(Dechunked(BodyOf(client.Rest())), "beginning<cut off>");
}

TEST_F(StreamingTest, AWriterLearnsWhatIsUnsentAndThatTheClientHasGone) {
  Serve();
  RawClient client(server_->port(), /*receive_buffer=*/4096);
  Responder responder = Begun(client, Get("/shelf", std::string(kClosing)));
  BodyWriter writer = std::move(responder).Begin(HttpResponse::Text(200, ""));
  std::size_t written = 0;
  while (writer.unsent() < 1'000'000) {
    writer.Write(std::string(10'000, 'x'));
    written += 10'000;
    ASSERT_LT(written, 100'000'000U);
  }
  EXPECT_FALSE(writer.cancelled());
  std::thread reader([&] { EXPECT_EQ(Dechunked(BodyOf(client.Rest())).size(), written); });
  EXPECT_TRUE(Eventually([&] { return writer.unsent() == 0; }));
  writer.End();
  reader.join();

  RawClient leaving = Connect();
  Responder other = Begun(leaving, Get("/shelf"));
  BodyWriter unheard = std::move(other).Begin(HttpResponse::Text(200, ""));
  leaving.Close();
  EXPECT_TRUE(Eventually([&] { return unheard.cancelled(); }));
  unheard.Write("nobody listens");
  unheard.End();
}

TEST_F(StreamingTest, AWriterThatDoesNotStopIsCutOff) {
  Serve({.stream_memory = 1'000'000});
  RawClient client(server_->port(), /*receive_buffer=*/4096);
  Responder responder = Begun(client, Get("/shelf"));
  BodyWriter writer = std::move(responder).Begin(HttpResponse::Text(200, ""));
  for (int i = 0; i < 10'000 && !writer.cancelled(); ++i) writer.Write(std::string(100'000, 'x'));
  EXPECT_TRUE(writer.cancelled());
  EXPECT_LT(writer.unsent(), 1'200'000U);
  EXPECT_THAT(Dechunked(BodyOf(client.Rest())), EndsWith("<cut off>"));
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
}

TEST_F(StreamingTest, ASlowStreamIsNoTimeoutButAClientThatDoesNotReadIs) {
  Serve({.idle_timeout = milliseconds(50), .write_timeout = milliseconds(50)});
  RawClient client = Connect();
  Responder responder = Begun(client, Get("/shelf", std::string(kClosing)));
  BodyWriter writer = std::move(responder).Begin(HttpResponse::Text(200, ""));
  for (int i = 0; i < 3; ++i) {
    std::this_thread::sleep_for(milliseconds(80));
    writer.Write("x");
  }
  writer.End();
  EXPECT_EQ(Dechunked(BodyOf(client.Rest())), "xxx");

  RawClient stuck(server_->port(), /*receive_buffer=*/4096);
  Responder other = Begun(stuck, Get("/shelf"));
  BodyWriter unread = std::move(other).Begin(HttpResponse::Text(200, ""));
  unread.Write(std::string(10'000'000, 'x'));
  EXPECT_TRUE(Eventually([&] { return unread.cancelled(); }));
}

TEST_F(StreamingTest, PiecesFromManyThreadsKeepTheirOrder) {
  Serve();
  RawClient client = Connect();
  Responder responder = Begun(client, Get("/shelf", std::string(kClosing)));
  BodyWriter writer = std::move(responder).Begin(HttpResponse::Text(200, ""));
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    const std::string piece = std::to_string(i) + ",";
    expected += piece;
    std::thread([&] { writer.Write(piece); }).join();
  }
  writer.End();
  EXPECT_EQ(Dechunked(BodyOf(client.Rest())), expected);
}

TEST_F(StreamingTest, DrainingWaitsForStreams) {
  Serve();
  RawClient client = Connect();
  Responder responder = Begun(client, Get("/shelf"));
  BodyWriter writer = std::move(responder).Begin(HttpResponse::Text(200, ""));
  writer.Write("one ");
  client.Answer(/*head_only=*/true);
  std::thread drain([&] { server_->Drain(std::chrono::hours(1)); });
  EXPECT_TRUE(Eventually([&] { return !Connect().connected(); }));
  writer.Write("two");
  writer.End();
  EXPECT_EQ(Dechunked(client.Rest()), "one two");
  client.Close();
  drain.join();
}

}  // namespace
}  // namespace plinth::net
