#include "net/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/temp_folder.h"
#include "net/server_fixture.h"
#include "net/unix_socket.h"

namespace plinth::net {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(HttpServerTest, RefusesConnectionsOverTheLimit) {
  Serve({.max_connections = 3});
  std::vector<RawClient> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(Connect());
    clients.back().Send(Get("/x"));
    EXPECT_EQ(BodyOf(clients.back().Answer()), "/x");
  }
  const std::string answer = Ask(Get("/x"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_THAT(BodyOf(answer), HasSubstr("\"UNAVAILABLE\""));
  clients.clear();
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
  EXPECT_EQ(BodyOf(Ask(Get("/x"))), "/x");
}

TEST_F(HttpServerTest, DrainClosesIdleConnectionsAtOnce) {
  Serve();
  RawClient fresh = Connect();
  RawClient used = Connect();
  used.Send(Get("/x"));
  used.Answer();
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 2; }));
  server_->Drain(std::chrono::hours(1));
  EXPECT_EQ(server_->connections(), 0U);
  EXPECT_TRUE(fresh.Closed());
  EXPECT_TRUE(used.Closed());
  EXPECT_FALSE(Connect().connected());
}

TEST_F(HttpServerTest, DrainLetsRequestsInFlightFinish) {
  Serve();
  RawClient working = Connect();
  working.Send(Get("/shelf"));
  RawClient sending = Connect();
  sending.Send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nab");
  auto [request, responder] = shelf_.Take();
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 2; }));
  std::thread drain([&] { server_->Drain(std::chrono::hours(1)); });
  EXPECT_TRUE(Eventually([&] { return !Connect().connected(); }));
  responder.Send(HttpResponse::Text(200, "done"));
  sending.Send("cd");
  for (auto [client, body] : {std::pair(&working, "done"), std::pair(&sending, "abcd")}) {
    const std::string answer = client->Answer();
    EXPECT_EQ(BodyOf(answer), body);
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
  }
  working.Close();
  sending.Close();
  drain.join();
}

TEST_F(HttpServerTest, DrainCutsOffWhatTakesTooLong) {
  Serve();
  RawClient client = Connect();
  client.Send(Get("/shelf"));
  auto [request, responder] = shelf_.Take();
  server_->Drain(milliseconds(30));
  EXPECT_TRUE(responder.cancelled());
  EXPECT_EQ(client.Answer(), "");
  server_.reset();
  responder.Send(HttpResponse::Text(200, "nobody listens"));
}

TEST_F(HttpServerTest, SaysThatTheAddressIsTaken) {
  Serve();
  const HttpHandler none = [](const HttpRequest&, const Responder&) {};
  const auto second = HttpServer::Start({.port = server_->port()}, none);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kFailedPrecondition);
  EXPECT_THAT(second.error().message, HasSubstr("127.0.0.1:" + std::to_string(server_->port()) +
                                                " is already in use by another process"));
}

TEST_F(HttpServerTest, SaysWhatIsWrongWithTheHost) {
  const HttpHandler none = [](const HttpRequest&, const Responder&) {};
  const auto foreign = HttpServer::Start({.host = "192.0.2.1"}, none);
  ASSERT_FALSE(foreign);
  EXPECT_THAT(foreign.error().message, HasSubstr("not an address of this machine"));
  const auto unknown = HttpServer::Start({.host = "no such host"}, none);
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("cannot resolve host 'no such host'"));
}

TEST_F(HttpServerTest, ListensOnNamesAndIpv6) {
  Serve({.host = "localhost"});
  EXPECT_EQ(BodyOf(Ask(Get("/x"))), "/x");
  const HttpHandler none = [](const HttpRequest&, const Responder&) {};
  const auto v6 = HttpServer::Start({.host = "::1"}, none);
  if (!v6) {
    EXPECT_THAT(v6.error().message, HasSubstr("[::1]:"));  // a machine without IPv6
  } else {
    EXPECT_NE((*v6)->port(), 0);
  }
}

TEST_F(HttpServerTest, ListensOnSeveralPorts) {
  Serve({.more_ports = {0, 0}});
  ASSERT_EQ(server_->addresses().size(), 3U);
  for (const std::string& address : server_->addresses()) {
    RawClient client(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    client.Send(Get("/x"));
    EXPECT_EQ(BodyOf(client.Answer()), "/x");
  }
}

class UnixSocketTest : public HttpServerTest {
 protected:
  HttpServer::Options Options() {
    return {.port = std::nullopt, .unix_socket = path_, .unix_socket_mode = 0640};
  }

  TempFolder folder_;
  const std::string path_ = folder_.path() / "socket";
};

TEST_F(UnixSocketTest, AnswersThereAlone) {
  Serve(Options());
  EXPECT_THAT(server_->addresses(), ::testing::ElementsAre("unix:" + path_));
  EXPECT_EQ(server_->port(), 0);
  for (int i = 0; i < 8; ++i) {
    RawClient client(path_);
    client.Send(Get("/x") + Get("/big?1000000"));
    EXPECT_EQ(BodyOf(client.Answer()), "/x");
    EXPECT_EQ(BodyOf(client.Answer()).size(), 1'000'000U);
  }
  EXPECT_EQ(std::filesystem::status(path_).permissions(), std::filesystem::perms(0640));
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(UnixSocketTest, ReplacesWhatIsLeftBehindAndNothingElse) {
  const HttpHandler none = [](const HttpRequest&, const Responder&) {};
  {
    auto left = UnixSocket::Listen(path_, 0600);
    ASSERT_TRUE(left);
    std::filesystem::rename(path_, path_ + ".kept");
  }
  std::filesystem::rename(path_ + ".kept", path_);
  Serve(Options());
  RawClient client(path_);
  client.Send(Get("/x"));
  EXPECT_EQ(BodyOf(client.Answer()), "/x");

  const auto second = HttpServer::Start(Options(), none);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("another process may be listening"));
  server_.reset();

  folder_.Write("socket", "a file");
  const auto over_file = HttpServer::Start(Options(), none);
  ASSERT_FALSE(over_file);
  EXPECT_THAT(over_file.error().message, HasSubstr("there is a file of that name"));
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(UnixSocketTest, LeavesANameThatIsAnothersNow) {
  Serve(Options());
  std::filesystem::remove(path_);
  folder_.Write("socket", "another's");
  server_.reset();
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(UnixSocketTest, SaysThatThePathIsTooLong) {
  const auto made = UnixSocket::Listen(path_ + std::string(200, 'x'), 0600);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("1 to 107 bytes"));
}

}  // namespace
}  // namespace plinth::net
