// Sockets as values: ownership, listening, and what errno meant.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"

namespace plinth::net {

// Owns a file descriptor, or none (-1).
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) Reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~FileDescriptor() { Reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void Reset(int fd = -1);

 private:
  int fd_ = -1;
};

// "Address already in use" for EADDRINUSE.
std::string ErrorText(int error_number);

struct Listeners {
  std::vector<FileDescriptor> sockets;  // non-blocking; they share the port by SO_REUSEPORT
  std::uint16_t port = 0;
};

// `count` sockets that listen on one address. The host is a name or a numeric IPv4 or IPv6 address,
// and must mean this machine; port 0 takes a free one. Fails with kFailedPrecondition if the
// address is taken, by whatever kind of server.
Result<Listeners> Listen(const std::string& host, std::uint16_t port, std::size_t count);

}  // namespace plinth::net
