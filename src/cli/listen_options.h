// Where `plinth serve` listens, and how: the options for it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "net/listener.h"
#include "net/tls.h"

namespace CLI {
class App;
}

namespace plinth::cli {

struct ListenOptions {
  static constexpr std::uint16_t kDefaultPort = 8000;

  std::string host = "127.0.0.1";
  // Every port but that of the metrics speaks all protocols.
  std::optional<std::uint16_t> port;
  std::optional<std::uint16_t> http_port;
  std::optional<std::uint16_t> grpc_port;
  std::optional<std::uint16_t> metrics_port;
  std::optional<std::string> unix_socket;
  std::string unix_socket_mode = "600";
  net::TlsFiles tls;
  std::vector<std::string> cors_origins;
  bool no_compression = false;  // of answers
  bool grpc_compression = false;
};

void AddListenOptions(CLI::App& app, ListenOptions& options);

// The server's options that these come to, with the files for TLS read.
Result<net::HttpServer::Options> ServerOptions(const ListenOptions& options);

// A server for GET /metrics alone, by `handler`, on the port for it; null if none is wanted. It has
// a thread of its own, so that a scrape waits for no request.
Result<std::unique_ptr<net::HttpServer>> ServeMetrics(const ListenOptions& options,
                                                      net::HttpHandler handler);

}  // namespace plinth::cli
