// What a worker thread of the server and its connections say to each other, whatever they speak.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "net/byte_budget.h"
#include "net/event_loop.h"
#include "net/http.h"
#include "net/response_writer.h"
#include "net/server_options.h"
#include "net/stream.h"

namespace plinth::net {

class GrpcServices;

// One client's connection, as its host sees it. Lives on the thread of one loop.
class ClientConnection : public EventLoop::Source {
 public:
  // Closes now if no request is under way; else after the answers.
  virtual void Drain() = 0;
  // Closes now, whatever is under way.
  virtual void Close() = 0;
  // Does what has to be done if the deadline has passed. Returns the next deadline.
  virtual std::int64_t CheckDeadline(std::int64_t now) = 0;

  std::size_t index = 0;  // the host's: where it keeps this connection
};

// A connection that goes on in HTTP/2.
struct Http2Start {
  std::optional<Stream> stream{};
  std::string output{};    // to be written before anything else
  std::string received{};  // what has been read already

  // If an HTTP/1.1 request has asked for it: the payload of its HTTP2-Settings, and the request
  // itself, to be answered as stream 1.
  bool upgrade = false;
  std::string settings{};
  HttpRequest request{};
};

// What the connections of one thread share. Implemented by the server's worker.
class ConnectionHost {
 public:
  // One read's worth of memory. What is read is parsed there; only what is left over is copied to
  // the connection.
  static constexpr std::size_t kReadSize = 64UZ * 1024;

  virtual ~ConnectionHost() = default;
  virtual void OnClosed(ClientConnection* connection) = 0;
  // Puts a connection over HTTP/2 in the place of one that has given its stream away.
  virtual void SwitchToHttp2(ClientConnection* from, Http2Start start) = 0;

  // The answer to a request that cannot be read.
  HttpResponse Refusal(std::string_view path, const Error& error) const {
    return options->write_refusal ? options->write_refusal(path, error)
                                  : HttpResponse::FromError(error);
  }

  EventLoop* loop = nullptr;
  const HttpServerOptions* options = nullptr;
  const HttpHandler* handler = nullptr;
  const GrpcServices* grpc = nullptr;
  std::shared_ptr<ByteBudget> body_budget;
  std::unique_ptr<char[]> read_buffer = std::make_unique_for_overwrite<char[]>(kReadSize);
  HttpDate date;
  bool draining = false;
};

// Progress of a transfer, for the deadline that both stalling and dripping run into.
struct Pace {
  // The least average speed in bytes a millisecond of a body, or of an answer being taken.
  static constexpr std::size_t kLeastRate = 16;

  std::int64_t begun = 0;
  std::int64_t last = 0;
  std::size_t bytes = 0;

  void Begin(std::int64_t now) { *this = {now, now, 0}; }
  void Advance(std::int64_t now, std::size_t n) {
    last = now;
    bytes += n;
  }
  std::int64_t Deadline(std::chrono::milliseconds timeout) const {
    return std::min(last + timeout.count(),
                    begun + timeout.count() + static_cast<std::int64_t>(bytes / kLeastRate));
  }
};

}  // namespace plinth::net
