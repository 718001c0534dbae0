// Our gRPC transport with one method, /bench.Echo/Unary, that sends every message back.
//
//   grpc_echo PORT THREADS
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "net/listener.h"

using namespace plinth;
using namespace plinth::net;

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  HttpServer::Options options;
  options.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  options.threads = static_cast<std::size_t>(std::atoi(argv[2]));
  const GrpcUnary echo = [](const GrpcCall&, Buffer message, GrpcWriter writer) {
    writer.Reply({std::move(message)});
  };
  const auto server = HttpServer::Start(options,
                                        [](const HttpRequest&, Responder responder) {
                                          responder.Send(HttpResponse::Text(200, "ok"));
                                        },
                                        {{"/bench.Echo/Unary", echo}});
  if (!server) {
    std::cerr << server.error().message << '\n';
    return 1;
  }
  ::pause();
}
