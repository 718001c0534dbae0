#include "cli/listen_options.h"

#include <algorithm>
#include <utility>

#include <CLI/CLI.hpp>

namespace plinth::cli {
namespace {

// A number in octal, as chmod takes it.
CLI::Validator OctalMode() {
  return CLI::Validator(
      [](const std::string& text) {
        const bool octal = text.size() <= 4 && text.find_first_not_of("01234567") == text.npos;
        return octal && !text.empty() ? "" : "expected access rights in octal, as 660";
      },
      "MODE");
}

// Whether the server listens there already, so that the same number may be given for several
// protocols. Each 0 is another free port.
bool Has(const net::HttpServer::Options& server, std::uint16_t port) {
  if (port == 0) return false;
  return server.port == port ||
         std::ranges::find(server.more_ports, port) != server.more_ports.end();
}

}  // namespace

void AddListenOptions(CLI::App& app, ListenOptions& options) {
  const char* const group = "Listening";
  app.add_option("--host", options.host, "Address to listen on; 0.0.0.0 for all of them")
      ->capture_default_str()
      ->group(group);
  app.add_option("--port", options.port,
                 "Port for all protocols; 0 takes a free one [8000, unless --http-port, "
                 "--grpc-port or --uds is given]")
      ->group(group);
  app.add_option("--http-port,--rest_api_port", options.http_port,
                 "Another one, where clients expect HTTP")
      ->group(group);
  app.add_option("--grpc-port", options.grpc_port, "Another one, where clients expect gRPC")
      ->group(group);
  app.add_option("--metrics-port", options.metrics_port,
                 "Port for GET /metrics alone, always without TLS; --port has it as well")
      ->group(group);
  app.add_option("--uds", options.unix_socket, "Path of a UNIX socket to listen at")->group(group);
  app.add_option("--uds-mode", options.unix_socket_mode,
                 "Who may connect to it, as access rights of the file")
      ->capture_default_str()
      ->check(OctalMode())
      ->group(group);
  auto* const certificate = app.add_option("--tls-cert", options.tls.certificate,
                                           "File with the server's certificate and those that it "
                                           "rests on (PEM): all ports speak TLS")
                                ->group(group);
  auto* const key = app.add_option("--tls-key", options.tls.key, "File with its private key (PEM)")
                        ->needs(certificate)
                        ->group(group);
  certificate->needs(key);
  app.add_option("--tls-client-ca", options.tls.client_ca,
                 "File with certificates (PEM): clients must show one that rests on them")
      ->needs(certificate)
      ->group(group);
  app.add_option("--cors", options.cors_origins,
                 "Origin of web pages that may use the server from a browser, "
                 "https://app.example.com, or * for all (may be repeated)")
      ->group(group);
  app.add_flag("--no-compression", options.no_compression,
               "Never compress answers, whatever clients accept")
      ->group(group);
  app.add_flag("--grpc-compression", options.grpc_compression,
               "Compress gRPC's answers too, where clients accept it, as most of them do")
      ->group(group);
}

Result<net::HttpServer::Options> ServerOptions(const ListenOptions& options) {
  net::HttpServer::Options server;
  server.host = options.host;
  server.port = options.port;
  for (const auto& port : {options.http_port, options.grpc_port}) {
    if (port && !Has(server, *port)) server.more_ports.push_back(*port);
  }
  server.grpc_compression = options.grpc_compression && !options.no_compression;
  if (options.unix_socket && options.unix_socket->empty())
    return Fail(Code::kInvalidArgument, "--uds is empty; expected the path of a UNIX socket");
  server.unix_socket = options.unix_socket.value_or("");
  server.unix_socket_mode = static_cast<mode_t>(std::stoul(options.unix_socket_mode, nullptr, 8));
  if (!server.port && server.more_ports.empty() && server.unix_socket.empty())
    server.port = ListenOptions::kDefaultPort;
  if (!options.tls.certificate.empty()) {
    auto tls = net::TlsServer::Create(options.tls);
    if (!tls) return Fail(std::move(tls).error());
    server.tls = *std::move(tls);
  }
  return server;
}

Result<std::unique_ptr<net::HttpServer>> ServeMetrics(const ListenOptions& options,
                                                      net::HttpHandler handler) {
  if (!options.metrics_port) return nullptr;
  net::HttpServer::Options server;
  server.host = options.host;
  server.port = options.metrics_port;
  server.threads = 1;
  return net::HttpServer::Start(
      std::move(server),
      [handler = std::move(handler)](net::HttpRequest request, net::Responder responder) {
        if (request.path == "/metrics") return handler(std::move(request), std::move(responder));
        responder.Send(net::HttpResponse::FromError(
            {Code::kNotFound, "there is nothing at this port but GET /metrics"}));
      });
}

}  // namespace plinth::cli
