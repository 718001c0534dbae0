#include "cli/http_client.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <charconv>
#include <memory>
#include <utility>

#include "base/file_descriptor.h"

namespace plinth::cli {
namespace {

namespace http = boost::beast::http;
using Clock = std::chrono::steady_clock;

constexpr std::uint16_t kDefaultPort = 8000;
constexpr std::uint64_t kReplyLimit = 1ULL << 30;
constexpr std::size_t kReadSize = 64UZ * 1024;

std::string Printable(const ServerAddress& server) {
  const bool ipv6 = server.host.find(':') != std::string::npos;
  return (ipv6 ? "[" + server.host + "]" : server.host) + ":" + std::to_string(server.port);
}

// One call's socket and how long it may take.
class Exchange {
 public:
  Exchange(const ServerAddress& server, std::chrono::milliseconds timeout)
      : server_(server), deadline_(Clock::now() + timeout) {}

  Status Connect();
  Status Send(std::string_view bytes);
  Result<HttpReply> Receive(bool head);

 private:
  Status Wait(short events) const;
  Status ConnectTo(const addrinfo& address);
  Error Unreachable(const std::string& why) const {
    return {Code::kUnavailable, "cannot reach a server at " + Printable(server_) + ": " + why +
                                    "; is 'plinth serve' running there?"};
  }
  Error Broken(const std::string& why) const {
    return {Code::kUnavailable, "lost the connection to " + Printable(server_) + ": " + why};
  }

  const ServerAddress& server_;
  const Clock::time_point deadline_;
  FileDescriptor socket_;
};

// Until the socket is ready, or has failed.
Status Exchange::Wait(short events) const {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
    pollfd socket{socket_.get(), events, 0};
    const int ready =
        left.count() <= 0
            ? 0
            : ::poll(&socket, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 1 << 30)));
    if (ready > 0) return {};
    if (ready == 0)
      return Fail(Code::kDeadlineExceeded, "no answer from " + Printable(server_) + " in time");
    if (errno != EINTR) return Fail(Broken(ErrorText(errno)));
  }
}

Status Exchange::ConnectTo(const addrinfo& address) {
  socket_ =
      FileDescriptor(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_.valid()) return Fail(Unreachable(ErrorText(errno)));
  if (::connect(socket_.get(), address.ai_addr, address.ai_addrlen) == 0) return {};
  if (errno != EINPROGRESS) return Fail(Unreachable(ErrorText(errno)));
  if (Status ready = Wait(POLLOUT); !ready) return ready;
  int failure = 0;
  socklen_t size = sizeof failure;
  ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &failure, &size);
  if (failure != 0) return Fail(Unreachable(ErrorText(failure)));
  return {};
}

Status Exchange::Connect() {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failure =
      ::getaddrinfo(server_.host.c_str(), std::to_string(server_.port).c_str(), &hints, &found);
  if (failure != 0) return Fail(Unreachable(::gai_strerror(failure)));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  Status result = Fail(Unreachable("the name has no address"));
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    result = ConnectTo(*address);
    if (result) break;
  }
  return result;
}

Status Exchange::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (Status ready = Wait(POLLOUT); !ready) return ready;
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return {};  // a server that refuses a body answers before it has read it
    } else if (errno != EINTR) {
      return Fail(Broken(ErrorText(errno)));
    }
  }
  return {};
}

Result<HttpReply> Exchange::Receive(bool head) {
  http::response_parser<http::string_body> parser;
  parser.eager(true);
  parser.body_limit(kReplyLimit);
  parser.skip(head);
  std::string pending;  // what the parser has not taken yet
  while (!parser.is_done()) {
    const std::size_t kept = pending.size();
    pending.resize(kept + kReadSize);
    const ssize_t got = ::recv(socket_.get(), pending.data() + kept, kReadSize, 0);
    const int failure = errno;
    pending.resize(kept + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    boost::beast::error_code error;
    if (got > 0) {
      pending.erase(0, parser.put(boost::asio::buffer(pending), error));
      if (error == http::error::need_more) error = {};
    } else if (got == 0) {
      if (!parser.got_some()) return Fail(Broken("it was closed without an answer"));
      parser.put_eof(error);
    } else if (failure == EAGAIN || failure == EWOULDBLOCK) {
      if (Status ready = Wait(POLLIN); !ready) return Fail(std::move(ready).error());
    } else if (failure != EINTR) {
      return Fail(Broken(ErrorText(failure)));
    }
    if (error) {
      return Fail(Code::kInternal,
                  "the answer of " + Printable(server_) + " cannot be read: " + error.message());
    }
  }
  http::response<http::string_body> response = parser.release();
  const auto type = response[http::field::content_type];
  return HttpReply{static_cast<int>(response.result_int()),
                   {type.data(), type.size()},
                   std::move(response.body())};
}

std::string Head(const ServerAddress& server, const HttpCall& call) {
  std::string head = call.method + " " + call.path + " HTTP/1.1\r\nHost: " + Printable(server) +
                     "\r\nUser-Agent: plinth\r\nAccept: */*\r\nConnection: close\r\n";
  if (!call.content_type.empty()) head += "Content-Type: " + call.content_type + "\r\n";
  if (!call.body.empty() || call.method == "POST" || call.method == "PUT") {
    head += "Content-Length: " + std::to_string(call.body.size()) + "\r\n";
  }
  return head + "\r\n";
}

}  // namespace

Result<ServerAddress> ParseServerAddress(std::string_view text) {
  const auto refuse = [&] {
    return Fail(Code::kInvalidArgument,
                "'" + std::string(text) + "' is not a server address; expected http://host:port");
  };
  std::string_view rest = text;
  if (rest.starts_with("http://")) rest.remove_prefix(7);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  ServerAddress server{.host = {}, .port = kDefaultPort};
  std::size_t end = rest.find(':');
  if (rest.starts_with('[')) {
    const std::size_t bracket = rest.find(']');
    if (bracket == std::string_view::npos) return refuse();
    server.host = rest.substr(1, bracket - 1);
    rest.remove_prefix(bracket + 1);
    if (!rest.empty() && rest[0] != ':') return refuse();
    end = 0;
  } else {
    server.host = rest.substr(0, end);
    end = std::min(end, rest.size());
  }
  rest.remove_prefix(end);
  if (!rest.empty()) {
    rest.remove_prefix(1);
    const auto [last, error] = std::from_chars(rest.data(), rest.data() + rest.size(), server.port);
    if (error != std::errc() || last != rest.data() + rest.size() || server.port == 0)
      return refuse();
  }
  if (server.host.empty() || server.host.find_first_of("/?# \r\n") != std::string::npos)
    return refuse();
  return server;
}

Result<HttpReply> CallServer(const ServerAddress& server, const HttpCall& call,
                             std::chrono::milliseconds timeout) {
  try {
    Exchange exchange(server, timeout);
    if (Status connected = exchange.Connect(); !connected)
      return Fail(std::move(connected).error());
    if (Status sent = exchange.Send(Head(server, call)); !sent)
      return Fail(std::move(sent).error());
    if (Status sent = exchange.Send(call.body); !sent) return Fail(std::move(sent).error());
    return exchange.Receive(call.method == "HEAD");
  } catch (const std::bad_alloc&) {
    return Fail(Code::kOutOfMemory, "no memory for the answer");
  }
}

std::string EncodePathSegment(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return out;
}

}  // namespace plinth::cli
