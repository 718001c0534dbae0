// A bare exchange over HTTP: reads each request to its end and answers a fixed 200. What a server
// takes beyond this, for requests and answers of the same sizes, is its own.
//
//   fixed_reply PORT BYTES    BYTES: of the answer's body
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

namespace {

// The size of the request that `bytes` begin with; 0 while its header is not complete.
std::size_t RequestSize(std::string_view bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  const std::size_t length = bytes.substr(0, end).find("Content-Length: ");
  return end + 4 + (length < end ? std::strtoul(bytes.data() + length + 16, nullptr, 10) : 0);
}

struct Connection {
  std::string bytes;
  std::size_t have = 0;
};

// False once the client has gone.
bool Serve(int fd, Connection& connection, const std::string& reply) {
  std::string& bytes = connection.bytes;
  if (connection.have == bytes.size()) bytes.resize(bytes.size() * 2 + 4096);
  const ssize_t got = recv(fd, bytes.data() + connection.have, bytes.size() - connection.have, 0);
  if (got <= 0) return false;
  connection.have += static_cast<std::size_t>(got);
  const std::size_t size = RequestSize(std::string_view(bytes).substr(0, connection.have));
  if (size > bytes.size()) bytes.resize(size);
  if (size == 0 || connection.have < size) return true;
  connection.have = 0;
  return send(fd, reply.data(), reply.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(reply.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string reply =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
      std::string(argv[2]) + "\r\n\r\n" + std::string(std::strtoul(argv[2], nullptr, 10), ' ');
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(argv[1], nullptr, 10)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener, 512) != 0)
    return 1;
  const int epoll = epoll_create1(0);
  epoll_event event{.events = EPOLLIN, .data = {.fd = listener}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  std::map<int, Connection> connections;
  while (epoll_wait(epoll, &event, 1, -1) >= 0) {
    const int fd = event.data.fd;
    if (fd == listener) {
      event.data.fd = accept(listener, nullptr, nullptr);
      setsockopt(event.data.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
    } else if (!Serve(fd, connections[fd], reply)) {
      connections.erase(fd);
      close(fd);
    }
  }
}
