// Connections over TLS, and what can be wrong with the files for it.
#include "net/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <thread>

#include "base/temp_folder.h"
#include "net/server_fixture.h"
#include "net/tls_testing.h"

namespace plinth::net {
namespace {

using namespace std::string_view_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kClosing = "Connection: close\r\n";

class TlsTest : public HttpServerTest {
 protected:
  TlsTest() { Install(Identity("first")); }

  std::string Path(const std::string& name) const { return folder_.path() / name; }

  void Install(const Identity& identity) {
    identity.WriteCertificate(Path("cert.pem"));
    identity.WriteKey(Path("key.pem"));
  }

  TlsFiles Files() const { return {.certificate = Path("cert.pem"), .key = Path("key.pem")}; }

  void ServeTls(HttpServer::Options options = {}) { ServeTls(std::move(options), Files()); }
  void ServeTls(HttpServer::Options options, const TlsFiles& files) {
    auto tls = TlsServer::Create(files);
    ASSERT_TRUE(tls) << tls.error().message;
    options.tls = *tls;
    Serve(std::move(options));
  }

  std::string FailureOf(const TlsFiles& files) {
    const auto tls = TlsServer::Create(files);
    return tls ? "" : tls.error().message;
  }

  TempFolder folder_;
};

TEST_F(TlsTest, Answers) {
  ServeTls();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(server_->port(), {.highest_version = version});
    ASSERT_TRUE(client.connected());
    client.Send(Get("/a") + Post("/echo", "b") + Get("/c", std::string(kClosing)));
    bool farewell = false;
    const std::string answers = client.Rest(&farewell);
    EXPECT_THAT(answers, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answers, HasSubstr("\r\n\r\n/aHTTP"));
    EXPECT_THAT(answers, HasSubstr("\r\n\r\nbHTTP"));
    EXPECT_THAT(answers, HasSubstr("\r\n\r\n/c"));
    EXPECT_TRUE(farewell);
  }
  EXPECT_THAT(server_->addresses(),
              ::testing::ElementsAre("https://127.0.0.1:" + std::to_string(server_->port())));
}

TEST_F(TlsTest, LargeBodiesPassBothWays) {
  ServeTls();
  std::string body(20'000'000, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 2654435761U >> 24);
  TlsClient client(server_->port(), {.receive_buffer = 4096});
  // The answer comes only when all has been sent.
  client.Send(
      "POST /echo HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 20000000\r\n\r\n");
  client.Send(body);
  EXPECT_TRUE(BodyOf(client.Rest()) == body);
}

TEST_F(TlsTest, SlicesAndPiecesPass) {
  ServeTls();
  TlsClient client(server_->port(), {.receive_buffer = 4096});
  client.Send(Get("/shelf") + Get("/pieces?abc") + Get("/end", std::string(kClosing)));
  auto [request, responder] = shelf_.Take();
  HttpResponse response = HttpResponse::Text(200, "head");
  std::string expected = "head";
  for (int i = 0; i < 50; ++i) {
    std::string slice(static_cast<std::size_t>(i) * 3001, static_cast<char>('a' + i % 26));
    expected += slice;
    response.tail.push_back(Buffer::FromString(std::move(slice)));
  }
  responder.Send(std::move(response));
  const std::string body = BodyOf(client.Rest());
  ASSERT_TRUE(body.starts_with(expected + "HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(body.substr(expected.size()), HasSubstr("1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n"));
}

TEST_F(TlsTest, RefusesOldVersions) {
  ServeTls();
  EXPECT_FALSE(TlsClient(server_->port(), {.highest_version = TLS1_1_VERSION}).connected());
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
}

TEST_F(TlsTest, AgreesOnAProtocol) {
  ServeTls();
  TlsClient client(server_->port(), {.protocols = "\x03xyz\x08http/1.1"sv});
  ASSERT_TRUE(client.connected());
  EXPECT_EQ(client.protocol(), "http/1.1");
  EXPECT_FALSE(TlsClient(server_->port(), {.protocols = "\x03xyz"sv}).connected());
}

TEST_F(TlsTest, TellsThoseWhoSpeakPlainHttp) {
  ServeTls();
  RawClient client = Connect();
  client.Send(Get("/x"));
  const std::string answer = client.Answer();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_THAT(BodyOf(answer), HasSubstr("this port speaks HTTPS"));
  EXPECT_EQ(handled_, 0);
}

TEST_F(TlsTest, HandshakesMustEnd) {
  ServeTls({.header_timeout = milliseconds(50)});
  RawClient silent = Connect();
  RawClient dripping = Connect();
  dripping.Send("\x16\x03\x01\x02");
  EXPECT_TRUE(silent.Closed());
  EXPECT_TRUE(dripping.Closed());
  RawClient noise = Connect();
  noise.Send(std::string(1000, '\x01'));
  noise.Rest();
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
}

TEST_F(TlsTest, DemandsCertificatesOfClients) {
  const Identity authority("authority");
  authority.WriteCertificate(Path("ca.pem"));
  TlsFiles files = Files();
  files.client_ca = Path("ca.pem");
  ServeTls({}, files);
  const Identity known("known", &authority);
  const Identity unknown("unknown");
  const auto ask = [&](const Identity* identity) {
    TlsClient client(server_->port(), {.identity = identity});
    client.Send(Get("/x", std::string(kClosing)));
    return BodyOf(client.Rest());
  };
  EXPECT_EQ(ask(&known), "/x");
  EXPECT_EQ(ask(&unknown), "");
  EXPECT_EQ(ask(nullptr), "");
  EXPECT_EQ(handled_, 1);
}

TEST_F(TlsTest, ReloadIsForNewConnections) {
  auto tls = TlsServer::Create(Files());
  ASSERT_TRUE(tls);
  Serve({.tls = *tls});
  TlsClient open(server_->port());
  Install(Identity("second"));
  EXPECT_EQ(TlsClient(server_->port()).server_name(), "first");
  ASSERT_TRUE((*tls)->Reload());
  EXPECT_EQ(TlsClient(server_->port()).server_name(), "second");
  open.Send(Get("/still-here", std::string(kClosing)));
  EXPECT_EQ(BodyOf(open.Rest()), "/still-here");

  folder_.Write("cert.pem", "broken");
  const Status broken = (*tls)->Reload();
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().message, HasSubstr(Path("cert.pem")));
  EXPECT_EQ(TlsClient(server_->port()).server_name(), "second");
}

TEST_F(TlsTest, SaysWhatIsWrongWithTheFiles) {
  TlsFiles files = Files();
  files.certificate = Path("missing.pem");
  EXPECT_THAT(FailureOf(files), HasSubstr("certificate in '" + files.certificate));
  EXPECT_THAT(FailureOf(files), HasSubstr("No such file or directory"));
  Identity("other").WriteKey(Path("other.pem"));
  files = Files();
  files.key = Path("other.pem");
  EXPECT_THAT(FailureOf(files), HasSubstr("key values mismatch"));
  Identity("locked").WriteKey(Path("locked.pem"), "secret");
  files.key = Path("locked.pem");
  EXPECT_THAT(FailureOf(files), HasSubstr("private key in '" + files.key));
  files = Files();
  files.client_ca = Path("key.pem");
  EXPECT_THAT(FailureOf(files), HasSubstr("client authorities in '" + files.client_ca));
}

TEST_F(TlsTest, DrainsOpenConnections) {
  ServeTls();
  TlsClient idle(server_->port());
  RawClient shaking = Connect();
  TlsClient working(server_->port());
  working.Send(Get("/shelf"));
  auto [request, responder] = shelf_.Take();
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 3; }));
  std::thread drain([&] { server_->Drain(std::chrono::hours(1)); });
  EXPECT_EQ(idle.Rest(), "");
  EXPECT_TRUE(shaking.Closed());
  responder.Send(HttpResponse::Text(200, "done"));
  EXPECT_EQ(BodyOf(working.Rest()), "done");
  working.Close();
  drain.join();
}

TEST_F(TlsTest, OverTheLimitIsToldThroughTls) {
  ServeTls({.max_connections = 1});
  TlsClient first(server_->port());
  TlsClient second(server_->port());
  ASSERT_TRUE(second.connected());
  EXPECT_THAT(second.Rest(), StartsWith("HTTP/1.1 503"));
}

}  // namespace
}  // namespace plinth::net
