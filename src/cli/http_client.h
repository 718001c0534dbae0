// A small blocking HTTP/1.1 client for the subcommands that talk to a running server. One
// connection a call.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace plinth::cli {

struct ServerAddress {
  std::string host;  // a name or a numeric address, IPv6 without brackets
  std::uint16_t port = 0;
};

// Reads "http://host:port", "host:port", "host" or "[::1]:8000"; the port is 8000 if left out. A
// trailing '/' is allowed, a path is not.
Result<ServerAddress> ParseServerAddress(std::string_view text);

struct HttpCall {
  std::string method = "GET";
  std::string path = "/";      // with the query; already percent-encoded
  std::string content_type{};  // of the body, if there is one
  std::string body{};
};

struct HttpReply {
  int status = 0;
  std::string content_type;
  std::string body;
};

// Sends the call and waits for the whole reply, `timeout` at most for all of it. A reply of any
// status is a success here. Fails with kUnavailable if the server cannot be reached,
// kDeadlineExceeded when the time is up, and kInternal if what came back is not HTTP or is larger
// than 1 GiB.
Result<HttpReply> CallServer(const ServerAddress& server, const HttpCall& call,
                             std::chrono::milliseconds timeout);

// The text with all but letters, digits and "-._~" percent-encoded, for one segment of a path.
std::string EncodePathSegment(std::string_view text);

}  // namespace plinth::cli
