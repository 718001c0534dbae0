// What the transport and the routes say to each other. The transport (listener.h) knows nothing of
// models; the routes (src/api) know nothing of sockets.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/status.h"

namespace plinth::net {

enum class Verb { kGet, kHead, kPost, kPut, kDelete, kPatch, kOptions, kOther };

struct Header {
  std::string_view name;  // as received; compare without regard to case
  std::string_view value;
};

// A complete request. The views point into memory that `storage` keeps alive, so a request may be
// moved to another thread and outlive its connection.
struct HttpRequest {
  // Readable bytes, of any value, behind body.data() + body.size(): parsers may read past the end.
  static constexpr std::size_t kBodyPadding = 64;

  Verb verb = Verb::kOther;
  std::string_view path;   // percent-encoded, begins with '/', without the query
  std::string_view query;  // behind '?', without it; may be empty
  std::vector<Header> headers;
  Buffer body;
  bool has_body = false;  // a Content-Length or a Transfer-Encoding was given
  std::shared_ptr<const void> storage;

  // The first header of that name, or "" if there is none.
  std::string_view Find(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type;  // no header if empty
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  // the transport adds Content-Length, Date, Server, Connection; leaves the body
                     // out for HEAD
  std::vector<Buffer>
      tail{};  // follows the body as its rest, so that tensors are not copied into it

  // Bytes of the body and its tail.
  std::size_t BodySize() const;

  static HttpResponse Json(int status, std::string body);
  static HttpResponse Text(int status, std::string body);
  // {"error":{"code":"NOT_FOUND","message":"..."}} with the status of the code's row in the error
  // table.
  static HttpResponse FromError(const Error& error);
};

class BodyWriter;

// The way back to the client for one request. Send() may be called from any thread, once; on the
// thread of the connection it writes at once. A Responder that is destroyed unsent answers 500.
// Movable, not copyable.
class Responder {
 public:
  // The transport's end. Implementations are thread-safe. Send() is called once, or Begin() once,
  // then Write() any number of times, and at last End().
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void Send(HttpResponse response) = 0;
    virtual void Begin(HttpResponse head) = 0;
    virtual void Write(std::string piece) = 0;
    // Not `complete`: the body ends early, and the client must be able to tell.
    virtual void End(bool complete) = 0;
    // Bytes of what was written that the client's machine has not taken yet.
    virtual std::size_t unsent() const = 0;
    virtual bool cancelled() const = 0;
  };

  explicit Responder(std::shared_ptr<Sink> sink) : sink_(std::move(sink)) {}
  Responder(Responder&&) = default;
  Responder& operator=(Responder&&) = delete;
  ~Responder();

  void Send(HttpResponse response);

  // Instead of Send(): begins an answer whose body comes in pieces. The head is a response without
  // a body. Not after Send().
  BodyWriter Begin(HttpResponse head) &&;

  // Whether the client has gone away, so that the answer is of no use.
  bool cancelled() const { return sink_ == nullptr || sink_->cancelled(); }

 private:
  std::shared_ptr<Sink> sink_;  // null once sent
};

// The rest of an answer that was begun. May be used from any thread, by one at a time. A writer
// that is destroyed before End() cuts the answer off, so that the client can tell that it is
// incomplete. Movable, not copyable.
class BodyWriter {
 public:
  explicit BodyWriter(std::shared_ptr<Responder::Sink> sink) : sink_(std::move(sink)) {}
  BodyWriter(BodyWriter&&) = default;
  BodyWriter& operator=(BodyWriter&&) = delete;
  ~BodyWriter();

  // Sends a piece on its way; never waits. Not after End().
  void Write(std::string piece);
  void End();

  // Bytes written that are still here because the client reads slowly. A writer that makes more
  // than a little looks at this and waits; one that does not is cut off at
  // HttpServerOptions::stream_memory.
  std::size_t unsent() const { return sink_ == nullptr ? 0 : sink_->unsent(); }
  // Whether the client has gone away or was cut off, so that more is of no use.
  bool cancelled() const { return sink_ == nullptr || sink_->cancelled(); }

 private:
  std::shared_ptr<Responder::Sink> sink_;  // null once ended
};

// How a request is answered that cannot be read. `path` is empty where not even that is known.
using RefusalWriter = std::function<HttpResponse(std::string_view path, const Error& error)>;

// Called on an I/O thread for every complete request; must not block. May be called from several
// threads at once.
using HttpHandler = std::function<void(HttpRequest, Responder)>;

}  // namespace plinth::net
