#include "net/socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace plinth::net {
namespace {

struct AddressListDeleter {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

Error BindError(int error_number, const std::string& address) {
  switch (error_number) {
    case EADDRINUSE:
      return {Code::kFailedPrecondition,
              "address " + address +
                  " is already in use by another process; stop it or choose another port"};
    case EACCES:
      return {Code::kPermissionDenied, "no permission to listen on " + address +
                                           "; ports below 1024 need root, choose another one"};
    case EADDRNOTAVAIL:
      return {Code::kInvalidArgument,
              "cannot listen on " + address +
                  ": it is not an address of this machine; use 127.0.0.1, or 0.0.0.0 for all"};
    default:
      return {Code::kInternal, "cannot listen on " + address + ": " + ErrorText(error_number)};
  }
}

std::uint16_t PortOf(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

void SetPort(sockaddr* address, std::uint16_t port) {
  if (address->sa_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(address)->sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in*>(address)->sin_port = htons(port);
  }
}

// Of what a name stands for, the IPv4 address if there is one: "localhost" is 127.0.0.1 to most
// clients.
const addrinfo& Choose(const addrinfo& addresses) {
  for (const addrinfo* address = &addresses; address != nullptr; address = address->ai_next) {
    if (address->ai_family == AF_INET) return *address;
  }
  return addresses;
}

// A bound socket; errno says what failed if it is not valid.
FileDescriptor Bind(const addrinfo& where, bool reuse_port) {
  FileDescriptor fd(::socket(where.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (!fd.valid() || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      (reuse_port && ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) ||
      ::bind(fd.get(), where.ai_addr, where.ai_addrlen) != 0) {
    return FileDescriptor();
  }
  return fd;
}

}  // namespace

std::string PrintableAddress(const std::string& host, std::uint16_t port) {
  const bool ipv6 = host.find(':') != std::string::npos;
  return (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Listeners> Listen(const std::string& host, std::uint16_t port, std::size_t count) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failure = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failure != 0) {
    return Fail(Code::kInvalidArgument,
                "cannot resolve host '" + host + "': " + ::gai_strerror(failure));
  }
  const std::unique_ptr<addrinfo, AddressListDeleter> addresses(found);
  const addrinfo& address = Choose(*addresses);

  // SO_REUSEPORT would let us share the port silently with another server of the same user. So the
  // first to bind is a socket that does not share, and fails if anyone listens there.
  Listeners result;
  {
    const FileDescriptor probe = Bind(address, /*reuse_port=*/false);
    if (!probe.valid()) return Fail(BindError(errno, PrintableAddress(host, port)));
    if (::listen(probe.get(), 1) != 0) return Fail(BindError(errno, PrintableAddress(host, port)));
    result.port = PortOf(probe.get());
  }
  SetPort(address.ai_addr, result.port);
  for (std::size_t i = 0; i < count; ++i) {
    FileDescriptor fd = Bind(address, /*reuse_port=*/true);
    if (!fd.valid() || ::listen(fd.get(), SOMAXCONN) != 0) {
      return Fail(BindError(errno, PrintableAddress(host, result.port)));
    }
    result.sockets.push_back(std::move(fd));
  }
  return result;
}

}  // namespace plinth::net
