// Listening sockets.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file_descriptor.h"
#include "base/status.h"

namespace plinth::net {

struct Listeners {
  std::vector<FileDescriptor> sockets;  // non-blocking; they share the port by SO_REUSEPORT
  std::uint16_t port = 0;
};

// `count` sockets that listen on one address. The host is a name or a numeric IPv4 or IPv6 address,
// and must mean this machine; port 0 takes a free one. Fails with kFailedPrecondition if the
// address is taken, by whatever kind of server.
Result<Listeners> Listen(const std::string& host, std::uint16_t port, std::size_t count);

// "127.0.0.1:8000", "[::1]:8000".
std::string PrintableAddress(const std::string& host, std::uint16_t port);

}  // namespace plinth::net
