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

  static HttpResponse Json(int status, std::string body);
  static HttpResponse Text(int status, std::string body);
  // {"error":{"code":"NOT_FOUND","message":"..."}} with the status of the code's row in the error
  // table.
  static HttpResponse FromError(const Error& error);
};

// The way back to the client for one request. Send() may be called from any thread, once; on the
// thread of the connection it writes at once. A Responder that is destroyed unsent answers 500.
// Movable, not copyable.
class Responder {
 public:
  // The transport's end. Implementations are thread-safe.
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void Send(HttpResponse response) = 0;
    virtual bool cancelled() const = 0;
  };

  explicit Responder(std::shared_ptr<Sink> sink) : sink_(std::move(sink)) {}
  Responder(Responder&&) = default;
  Responder& operator=(Responder&&) = delete;
  ~Responder();

  void Send(HttpResponse response);

  // Whether the client has gone away, so that the answer is of no use.
  bool cancelled() const { return sink_ == nullptr || sink_->cancelled(); }

 private:
  std::shared_ptr<Sink> sink_;  // null once sent
};

// Called on an I/O thread for every complete request; must not block. May be called from several
// threads at once.
using HttpHandler = std::function<void(HttpRequest, Responder)>;

}  // namespace plinth::net
