// How an HTTP server listens and what it puts up with.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/http.h"
#include "net/request_parser.h"

namespace plinth::net {

class TlsServer;

struct HttpServerOptions {
  using milliseconds = std::chrono::milliseconds;

  std::string host = "127.0.0.1";
  std::optional<std::uint16_t> port = 0;    // 0 takes a free one
  std::vector<std::uint16_t> more_ports{};  // all the same
  std::shared_ptr<TlsServer> tls{};         // what all ports speak, if it is not null
  std::string unix_socket{};                // the path of one to listen at as well, never with TLS
  mode_t unix_socket_mode = 0600;           // who may connect to it
  std::size_t threads = 0;                  // 0: as many as there are processors
  std::size_t max_connections =
      8192;  // and no more than the limit on open files allows; over it the answer is 503

  // Called on each loop's thread when what a turn has brought is handled, before it waits for more.
  // May be empty; must not throw.
  std::function<void()> on_turn_end{};

  // Empty: HttpResponse::FromError().
  RefusalWriter write_refusal{};

  ParserLimits limits{};
  // Requests at a time on one HTTP/2 connection.
  std::size_t max_streams = 256;
  // Of one gRPC message; what body_memory leaves room for is a bound as well.
  std::size_t grpc_message_bytes = 2UZ * 1024 * 1024 * 1024 - 1;
  // Whether gRPC's answers are compressed where the client takes it.
  bool grpc_compression = false;
  // Of the bodies of all requests together, those up to 64 KiB not counted; over it the answer is
  // 429.
  std::size_t body_memory = 1024UZ * 1024 * 1024;

  // Of a streamed answer, what its client has not taken yet; over it the answer is cut off.
  std::size_t stream_memory = 16UZ * 1024 * 1024;

  // From the first byte of a request (or the accepting of the connection) to the end of its
  // headers.
  milliseconds header_timeout{10'000};
  // Between two requests.
  milliseconds idle_timeout{75'000};
  // For a body to begin to arrive, or an answer to be taken, and between two pieces of it.
  // Over this comes a least rate of 16 KiB/s on average, so that nobody holds a buffer by dripping.
  milliseconds body_timeout{30'000};
  milliseconds write_timeout{30'000};
};

}  // namespace plinth::net
