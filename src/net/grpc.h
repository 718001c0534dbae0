// What the gRPC transport and the services say to each other. The transport frames and compresses
// messages, keeps deadlines and encodes metadata; a service sees whole messages and knows nothing
// of HTTP/2.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/buffer.h"
#include "base/status.h"
#include "net/http.h"

namespace plinth::net {

// How a call ends: 0 is OK, the others are gRPC's own numbers.
struct GrpcStatus {
  int code = 0;
  std::string message{};  // UTF-8; the transport percent-encodes it

  static GrpcStatus FromError(const Error& error);
};

// What a call began with. The views point into memory that `storage` keeps alive.
struct GrpcCall {
  std::string_view path;         // "/inference.GRPCInferenceService/ModelInfer"
  std::vector<Header> metadata;  // names in lower case; values of "-bin" ones as sent, in base64
  std::optional<std::chrono::steady_clock::time_point> deadline;  // from grpc-timeout
  std::shared_ptr<const void> storage;

  // The first value of that name, or "" if there is none.
  std::string_view Find(std::string_view name) const;
};

// One message to send, as the pieces that follow each other on the wire, so that tensors are not
// copied.
using GrpcMessage = std::vector<Buffer>;

// The way back to the client for one call. May be used from any thread; on the thread of the
// connection it writes at once. A writer that is destroyed unfinished ends the call as INTERNAL.
// Movable, not copyable.
class GrpcWriter {
 public:
  // The transport's end. Implementations are thread-safe.
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void Send(GrpcMessage message) = 0;
    virtual void Finish(GrpcStatus status) = 0;
    // Both at once.
    virtual void Reply(GrpcMessage message) {
      Send(std::move(message));
      Finish({});
    }
    virtual std::size_t unsent() const { return 0; }
    virtual bool cancelled() const = 0;
  };

  explicit GrpcWriter(std::shared_ptr<Sink> sink) : sink_(std::move(sink)) {}
  GrpcWriter(GrpcWriter&&) = default;
  GrpcWriter& operator=(GrpcWriter&&) = delete;
  ~GrpcWriter();

  // Not after Finish().
  void Send(GrpcMessage message);
  void Finish(GrpcStatus status = {});
  // The whole answer of a unary call.
  void Reply(GrpcMessage message);

  // Bytes of messages that are still here because the client reads slowly. Who streams more than a
  // little looks at this and waits; who does not is cut off at HttpServerOptions::stream_memory.
  std::size_t unsent() const { return sink_ == nullptr ? 0 : sink_->unsent(); }

  // Whether the client has gone away or has cancelled the call, or its deadline has passed.
  bool cancelled() const { return sink_ == nullptr || sink_->cancelled(); }

 private:
  std::shared_ptr<Sink> sink_;  // null once finished
};

// A call of one message each way. Called on an I/O thread; must not block. The message has
// HttpRequest::kBodyPadding readable bytes behind its end and, like the call, may outlive the
// connection.
using GrpcUnary = std::function<void(GrpcCall call, Buffer message, GrpcWriter writer)>;

// What a call with a stream of messages gives them to, on the connection's thread, in order.
// Destroyed when the call is over, whoever has ended it.
class GrpcReader {
 public:
  virtual ~GrpcReader() = default;
  virtual void OnMessage(Buffer message) = 0;
  virtual void OnEnd() {}  // the client sends no more
};

// Begins a call with a stream of messages in both directions.
using GrpcStreaming = std::function<std::unique_ptr<GrpcReader>(GrpcCall call, GrpcWriter writer)>;

struct GrpcMethod {
  std::string path;  // "/package.Service/Method"
  std::variant<GrpcUnary, GrpcStreaming> handler;
};

}  // namespace plinth::net
