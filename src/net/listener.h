// The HTTP server: listens, and hands every complete request, by HTTP/1.1 or HTTP/2, to one
// handler, and gRPC calls to their methods.
//
//   auto server = HttpServer::Start({.host = "127.0.0.1", .port = 8000}, [](HttpRequest request,
//   Responder responder) {
//     responder.Send(HttpResponse::Text(200, "hello\n"));
//   });
//   if (!server) return server.error();
//   ...
//   (*server)->Drain(std::chrono::seconds(10));
//
// One event loop a thread, each with its own listening socket for every port; a connection stays on
// the thread that got it, which is the one with the fewest. One request at a time is handled per
// HTTP/1.1 connection; pipelined ones wait their turn.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "net/grpc.h"
#include "net/http.h"
#include "net/server_options.h"

namespace plinth::net {

class HttpServer {
 public:
  using Options = HttpServerOptions;

  // Fails if the address cannot be listened on: taken, not of this machine, not permitted.
  static Result<std::unique_ptr<HttpServer>> Start(Options options, HttpHandler handler,
                                                   std::vector<GrpcMethod> methods = {});

  // Drains without patience.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // The first of the ports, 0 if there is none.
  std::uint16_t port() const;
  // Where it listens: "http://127.0.0.1:8000", "https://...", "unix:/run/plinth.sock".
  const std::vector<std::string>& addresses() const;
  std::size_t connections() const;

  // Stops accepting, closes idle connections at once, lets requests in flight finish (their answers
  // say "Connection: close") and returns when all are done or `patience` has passed; what is left
  // then is cut off. After it no handler call runs or begins, and Responders that are still held
  // lead nowhere. May be called again; not from a handler.
  void Drain(std::chrono::milliseconds patience);

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace plinth::net
