#include "cli/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "net/listener.h"
#include "net/socket.h"

namespace plinth::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

std::unique_ptr<net::HttpServer> Serve() {
  auto server = net::HttpServer::Start(
      {.threads = 1}, [](const net::HttpRequest& request, net::Responder responder) {
        if (request.path == "/echo") {
          return responder.Send(net::HttpResponse::Text(
              201, std::string(request.body.As<char>(), request.body.size())));
        }
        responder.Send(net::HttpResponse::FromError({Code::kNotFound, std::string(request.path)}));
      });
  EXPECT_TRUE(server);
  return *std::move(server);
}

// A server that reads something, answers `bytes` to it, and closes.
class FakeServer {
 public:
  explicit FakeServer(std::string bytes) : listeners_(*net::Listen("127.0.0.1", 0, 1)) {
    thread_ = std::thread([this, bytes = std::move(bytes)] {
      int fd = -1;
      while ((fd = ::accept(listeners_.sockets[0].get(), nullptr, nullptr)) < 0)
        std::this_thread::yield();
      const FileDescriptor client(fd);
      char request[4096];
      EXPECT_GT(::recv(client.get(), request, sizeof request, 0), 0);
      ::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    });
  }
  ~FakeServer() { thread_.join(); }
  ServerAddress address() const { return {"127.0.0.1", listeners_.port}; }

 private:
  net::Listeners listeners_;
  std::thread thread_;
};

TEST(HttpClient, CallsAServer) {
  const auto server = Serve();
  const ServerAddress address{"127.0.0.1", server->port()};
  const std::string body(3'000'000, 'x');
  const auto reply = CallServer(
      address, {.method = "POST", .path = "/echo", .content_type = "text/plain", .body = body},
      seconds(20));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 201);
  EXPECT_EQ(reply->content_type, "text/plain; charset=utf-8");
  EXPECT_TRUE(reply->body == body);
  const auto missing = CallServer(address, {.path = "/missing"}, seconds(20));
  ASSERT_TRUE(missing) << missing.error().message;
  EXPECT_EQ(missing->status, 404);
  EXPECT_THAT(missing->body, HasSubstr("/missing"));
  const auto head = CallServer(address, {.method = "HEAD", .path = "/missing"}, seconds(20));
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->status, 404);
  EXPECT_EQ(head->body, "");
}

TEST(HttpClient, SeesWhyABodyIsRefused) {
  std::string body;
  body.resize(70'000'000, 'x');
  const auto server = Serve();
  const auto reply =
      CallServer({"127.0.0.1", server->port()},
                 {.method = "POST", .path = "/echo", .content_type = {}, .body = std::move(body)},
                 seconds(20));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 413);
}

TEST(HttpClient, ReadsChunkedAndUnboundedReplies) {
  for (const std::string bytes :
       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\nabc"}) {
    const FakeServer server(bytes);
    const auto reply = CallServer(server.address(), {}, seconds(20));
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->body, "abc");
  }
}

TEST(HttpClient, SaysWhatWentWrong) {
  const auto failure = [](const std::string& bytes) {
    const FakeServer server(bytes);
    const auto reply = CallServer(server.address(), {}, seconds(20));
    return reply ? Error{} : reply.error();
  };
  EXPECT_THAT(failure("").message, HasSubstr("closed without an answer"));
  EXPECT_THAT(failure("SSH-2.0-OpenSSH\r\n").message, HasSubstr("cannot be read"));
  EXPECT_THAT(failure("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab").message,
              HasSubstr("cannot be read"));
}

TEST(HttpClient, SaysThatNobodyIsThere) {
  const std::uint16_t port = Serve()->port();  // and it is gone again
  const auto reply = CallServer({"127.0.0.1", port}, {}, seconds(20));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::kUnavailable);
  EXPECT_THAT(reply.error().message, HasSubstr("is 'plinth serve' running there?"));
}

TEST(HttpClient, GivesUpInTime) {
  const auto silent = net::Listen("127.0.0.1", 0, 1);  // accepts, by the kernel, and never answers
  ASSERT_TRUE(silent);
  const auto reply = CallServer({"127.0.0.1", silent->port}, {}, milliseconds(30));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::kDeadlineExceeded);
}

TEST(ParseServerAddress, ReadsWhatPeopleWrite) {
  const auto read = [](const char* text) {
    const auto address = ParseServerAddress(text);
    return address ? address->host + " " + std::to_string(address->port) : address.error().message;
  };
  EXPECT_EQ(read("http://10.0.0.1:9000"), "10.0.0.1 9000");
  EXPECT_EQ(read("localhost:80/"), "localhost 80");
  EXPECT_EQ(read("host"), "host 8000");
  EXPECT_EQ(read("http://[::1]:81"), "::1 81");
  EXPECT_EQ(read("[::1]"), "::1 8000");
  for (const char* text : {"", ":80", "h:", "h:0", "h:65536", "h:8x", "https://h", "h/path", "[::1",
                           "[::1]80", "a b"}) {
    EXPECT_FALSE(ParseServerAddress(text)) << text;
  }
}

TEST(EncodePathSegment, LeavesOnlyWhatMeansItself) {
  EXPECT_EQ(EncodePathSegment("a-B_9.~"), "a-B_9.~");
  EXPECT_EQ(EncodePathSegment("a/b?c d\xc3\xa9%"), "a%2Fb%3Fc%20d%C3%A9%25");
}

}  // namespace
}  // namespace plinth::cli
