// Connections as their clients see them, over real sockets.
#include "net/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "net/server_fixture.h"

namespace plinth::net {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using ConnectionTest = HttpServerTest;

TEST_F(ConnectionTest, AnswersARequest) {
  Serve();
  const std::string answer = Ask(Get("/hello"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nServer: plinth\r\nDate: "));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 6\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("Connection:")));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n/hello"));
}

TEST_F(ConnectionTest, KeepsTheConnection) {
  Serve();
  RawClient client = Connect();
  for (const std::string path : {"/first", "/second", "/third"}) {
    client.Send(Get(path));
    EXPECT_EQ(BodyOf(client.Answer()), path);
  }
}

TEST_F(ConnectionTest, ClosesWhenTheClientWishes) {
  Serve();
  for (const std::string request :
       {"GET /x HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", "GET /x HTTP/1.0\r\n\r\n"}) {
    RawClient client = Connect();
    client.Send(request);
    EXPECT_THAT(client.Answer(), HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_TRUE(client.Closed());
  }
  RawClient client = Connect();
  client.Send("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(client.Answer(), HasSubstr("\r\nConnection: keep-alive\r\n"));
  client.Send(Get("/again"));
  EXPECT_EQ(BodyOf(client.Answer()), "/again");
}

TEST_F(ConnectionTest, AnswersPipelinedRequestsInOrder) {
  Serve();
  RawClient client = Connect();
  std::string requests;
  for (int i = 0; i < 1000; ++i) {
    std::string text = std::to_string(i);
    requests += i % 3 == 0 ? Post("/echo", text) : Get(text.insert(0, 1, '/'));
  }
  client.Send(requests);
  for (int i = 0; i < 1000; ++i) {
    const std::string body = BodyOf(client.Answer());
    ASSERT_EQ(i % 3 == 0 ? body : body.substr(1), std::to_string(i));
  }
}

TEST_F(ConnectionTest, PipelinedRequestsWaitForTheOneBefore) {
  Serve();
  RawClient client = Connect();
  client.Send(Get("/shelf") + Get("/shelf") + Get("/last"));
  for (const std::string answer : {"first", "second"}) {
    auto [request, responder] = shelf_.Take();
    responder.Send(HttpResponse::Text(200, answer));
    EXPECT_EQ(BodyOf(client.Answer()), answer);
  }
  EXPECT_EQ(BodyOf(client.Answer()), "/last");
}

TEST_F(ConnectionTest, TakesRequestsByteByByte) {
  Serve();
  RawClient client = Connect();
  for (const char c : Post("/echo", "drip") + Get("/next")) client.Send({&c, 1});
  EXPECT_EQ(BodyOf(client.Answer()), "drip");
  EXPECT_EQ(BodyOf(client.Answer()), "/next");
}

TEST_F(ConnectionTest, TakesAndGivesLargeBodies) {
  Serve();
  std::string body(20'000'000, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 2654435761U >> 24);
  RawClient client = Connect();
  std::thread sender([&] { client.Send(Post("/echo", body) + Get("/next")); });
  EXPECT_TRUE(BodyOf(client.Answer()) == body);
  sender.join();
  EXPECT_EQ(BodyOf(client.Answer()), "/next");
}

TEST_F(ConnectionTest, TakesChunkedBodies) {
  Serve();
  EXPECT_EQ(BodyOf(Ask("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: "
                       "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")),
            "abcde");
}

TEST_F(ConnectionTest, HeadHasTheHeadersOnly) {
  Serve();
  RawClient client = Connect();
  client.Send("HEAD /big?100000 HTTP/1.1\r\nHost: t\r\n\r\n" + Get("/next"));
  EXPECT_THAT(client.Answer(/*head_only=*/true), HasSubstr("\r\nContent-Length: 100000\r\n"));
  EXPECT_EQ(BodyOf(client.Answer()), "/next");
}

TEST_F(ConnectionTest, TellsWaitingClientsToContinue) {
  Serve();
  RawClient client = Connect();
  client.Send(
      "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.Answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("body");
  EXPECT_EQ(BodyOf(client.Answer()), "body");
}

TEST_F(ConnectionTest, DoesNotAskForABodyThatItRefuses) {
  Serve();
  RawClient client = Connect();
  client.Send(
      "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 100000000\r\nExpect: "
      "100-continue\r\n\r\n");
  EXPECT_THAT(client.Answer(), StartsWith("HTTP/1.1 413 Content Too Large\r\n"));
}

TEST_F(ConnectionTest, RefusalsAreJsonAndCloseTheConnection) {
  Serve();
  RawClient client = Connect();
  client.Send("GET / HTTP/1.1\r\n\r\n");
  client.FinishSending();
  bool clean = false;
  const std::string answer = client.Rest(&clean);
  EXPECT_TRUE(clean);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: application/json\r\n"));
  EXPECT_EQ(
      BodyOf(answer),
      R"({"error":{"code":"INVALID_ARGUMENT","message":"an HTTP/1.1 request needs a Host header"}})");
  EXPECT_EQ(handled_, 0);
}

TEST_F(ConnectionTest, NothingBehindARefusedRequestIsServed) {
  Serve();
  RawClient client = Connect();
  client.Send(
      Get("/1") +
      "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" +
      Get("/2"));
  EXPECT_EQ(BodyOf(client.Answer()), "/1");
  EXPECT_THAT(client.Answer(), StartsWith("HTTP/1.1 400"));
  client.FinishSending();
  EXPECT_TRUE(client.Closed());
  EXPECT_EQ(handled_, 1);
}

TEST_F(ConnectionTest, AClientThatSendsTooMuchStillSeesWhy) {
  Serve({.limits = {.header_bytes = 1024, .header_fields = 10, .body_bytes = 1000}});
  RawClient client = Connect();
  // More than fits the sockets' buffers: the server has to read it away.
  client.Send(Post("/echo", std::string(30'000'000, 'x')));
  client.FinishSending();
  bool clean = false;
  EXPECT_THAT(client.Rest(&clean), StartsWith("HTTP/1.1 413"));
  EXPECT_TRUE(clean);
}

TEST_F(ConnectionTest, LargeBodiesTogetherAreLimited) {
  Serve({.body_memory = 1'000'000});
  RawClient small = Connect();
  small.Send(Post("/echo", "small"));
  EXPECT_EQ(BodyOf(small.Answer()), "small");
  RawClient large = Connect();
  large.Send(Post("/echo", std::string(2'000'000, 'x')));
  EXPECT_THAT(large.Answer(), StartsWith("HTTP/1.1 429 Too Many Requests\r\n"));
  EXPECT_EQ(BodyOf(Ask(Post("/echo", std::string(900'000, 'x')))).size(), 900'000U);
}

TEST_F(ConnectionTest, AHandlerThatDropsOrThrowsAnswers500) {
  Serve();
  RawClient client = Connect();
  for (const std::string path : {"/drop", "/throw"}) {
    client.Send(Get(path));
    const std::string answer = client.Answer();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 500"));
    EXPECT_THAT(BodyOf(answer), HasSubstr("\"INTERNAL\""));
  }
  client.Send(Get("/still-here"));
  EXPECT_EQ(BodyOf(client.Answer()), "/still-here");
}

TEST_F(ConnectionTest, NoticesThatTheClientHasGone) {
  Serve();
  const std::function<void(RawClient&)> ways[] = {[](RawClient& c) { c.Close(); },
                                                  [](RawClient& c) { c.Reset(); },
                                                  [](RawClient& c) { c.FinishSending(); }};
  for (const auto& leave : ways) {
    RawClient client = Connect();
    client.Send(Get("/shelf") + Get("/pipelined"));
    auto [request, responder] = shelf_.Take();
    EXPECT_FALSE(responder.cancelled());
    leave(client);
    EXPECT_TRUE(Eventually([&, &responder = responder] { return responder.cancelled(); }));
    responder.Send(HttpResponse::Text(200, "too late"));
  }
}

TEST_F(ConnectionTest, AHalfClosedClientStillGetsItsAnswers) {
  Serve();
  RawClient client = Connect();
  client.Send(Get("/1") + Get("/2"));
  client.FinishSending();
  EXPECT_EQ(BodyOf(client.Answer()), "/1");
  EXPECT_EQ(BodyOf(client.Answer()), "/2");
  EXPECT_TRUE(client.Closed());
}

TEST_F(ConnectionTest, AnswersFromOtherThreadsFindTheirConnections) {
  Serve();
  constexpr int kClients = 20;
  std::vector<std::thread> answerers;
  for (int i = 0; i < 3; ++i) {
    answerers.emplace_back([&] {
      for (;;) {
        auto [request, responder] = shelf_.Take();
        if (request.query == "stop") return;
        responder.Send(HttpResponse::Text(200, std::string(request.query)));
      }
    });
  }
  std::vector<std::thread> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([this, i] {
      RawClient client = Connect();
      for (int j = 0; j < 50; ++j) {
        const std::string name = std::to_string(i) + "-" + std::to_string(j);
        client.Send(Get("/shelf?" + name));
        ASSERT_EQ(BodyOf(client.Answer()), name);
      }
    });
  }
  for (std::thread& client : clients) client.join();
  for (int i = 0; i < 3; ++i) {
    RawClient stopper = Connect();
    stopper.Send(Get("/shelf?stop"));
    stopper.Answer();
  }
  for (std::thread& answerer : answerers) answerer.join();
}

TEST_F(ConnectionTest, TimesOutSlowHeaders) {
  Serve({.header_timeout = milliseconds(50)});
  RawClient client = Connect();
  client.Send("GET / HTTP/1.1\r\nHo");
  const std::string answer = client.Answer();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_THAT(BodyOf(answer), HasSubstr("the headers were not received in time"));
}

TEST_F(ConnectionTest, DrippingHeadersDoesNotPutOffTheTimeout) {
  Serve({.header_timeout = milliseconds(100)});
  RawClient client = Connect();
  std::atomic<bool> stop = false;
  std::thread dripper([&] {
    client.Send("GET / HTTP/1.1\r\nA: ");
    while (!stop && client.Send("x")) std::this_thread::sleep_for(milliseconds(5));
  });
  EXPECT_THAT(client.Answer(), StartsWith("HTTP/1.1 408"));
  stop = true;
  dripper.join();
}

TEST_F(ConnectionTest, TimesOutStalledBodies) {
  Serve({.body_timeout = milliseconds(50)});
  RawClient client = Connect();
  client.Send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_THAT(BodyOf(client.Answer()), HasSubstr("the body was not received in time"));
}

TEST_F(ConnectionTest, ClosesIdleConnectionsWithoutAWord) {
  Serve({.header_timeout = milliseconds(50), .idle_timeout = milliseconds(50)});
  RawClient silent = Connect();
  RawClient served = Connect();
  served.Send(Get("/x"));
  EXPECT_EQ(BodyOf(served.Answer()), "/x");
  EXPECT_TRUE(silent.Closed());
  EXPECT_TRUE(served.Closed());
}

TEST_F(ConnectionTest, ASlowHandlerIsNoTimeout) {
  Serve({.header_timeout = milliseconds(20),
         .idle_timeout = milliseconds(20),
         .body_timeout = milliseconds(20),
         .write_timeout = milliseconds(20)});
  RawClient client = Connect();
  client.Send(Get("/shelf"));
  auto [request, responder] = shelf_.Take();
  std::this_thread::sleep_for(milliseconds(100));
  responder.Send(HttpResponse::Text(200, "at last"));
  EXPECT_EQ(BodyOf(client.Answer()), "at last");
}

TEST_F(ConnectionTest, GivesUpOnClientsThatDoNotRead) {
  Serve({.write_timeout = milliseconds(50)});
  RawClient client(server_->port(), /*receive_buffer=*/4096);
  client.Send(Get("/big?50000000"));
  EXPECT_TRUE(Eventually([&] { return handled_ == 1; }));
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
}

TEST_F(ConnectionTest, StopsReadingFromAClientThatDoesNotRead) {
  Serve();
  RawClient client(server_->port(), /*receive_buffer=*/4096);
  // Each of these makes a megabyte; a server that went on reading would hold all of it.
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += Get("/big?1000000");
  client.Send(requests);
  EXPECT_TRUE(Eventually([&] { return handled_ > 0; }));
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_LT(handled_, 20);  // a few fit the kernel's buffers
}

}  // namespace
}  // namespace plinth::net
