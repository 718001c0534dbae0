// For tests: a blocking client that sends any bytes and reads answers, over a real socket.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cctype>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"

namespace plinth::net {

class RawClient {
 public:
  // `receive_buffer` in bytes, if not 0, makes the kernel hold little for us.
  explicit RawClient(std::uint16_t port, int receive_buffer = 0) : socket_(NewSocket(AF_INET)) {
    if (receive_buffer != 0) {
      ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ =
        ::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }

  // Of a UNIX socket.
  explicit RawClient(const std::string& path) : socket_(NewSocket(AF_UNIX)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    connected_ =
        ::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }

  int fd() const { return socket_.get(); }
  bool connected() const { return connected_; }

  // False if the server has closed.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Reads one answer, its head and its body by Content-Length. "" if the connection ended or broke
  // before the end of the head.
  std::string Answer(bool head_only = false) {
    std::size_t end;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!Read()) return "";
    }
    std::size_t size = end + 4;
    if (const std::size_t at = buffer_.find("\r\nContent-Length: "); !head_only && at < end) {
      std::size_t length = 0;
      std::from_chars(buffer_.data() + at + 18, buffer_.data() + end, length);
      size += length;
    }
    while (buffer_.size() < size) {
      if (!Read()) return "";
    }
    std::string answer = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return answer;
  }

  // Whatever comes next; "" if the connection ended or broke.
  std::string ReadSome() {
    if (buffer_.empty() && !Read()) return "";
    return std::exchange(buffer_, {});
  }

  // All that comes until the server closes. Sets `clean` to whether it did so in order, not by a
  // reset.
  std::string Rest(bool* clean = nullptr) {
    while (Read()) {
    }
    if (clean != nullptr) *clean = last_read_ == 0;
    return std::exchange(buffer_, {});
  }

  // Whether the server closes, in order, without sending anything more.
  bool Closed() {
    bool clean = false;
    return Rest(&clean).empty() && clean;
  }

  void FinishSending() { ::shutdown(socket_.get(), SHUT_WR); }
  // Closes so that the peer gets a reset.
  void Reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    socket_.Reset();
  }
  void Close() { socket_.Reset(); }

 private:
  static FileDescriptor NewSocket(int family) {
    FileDescriptor socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    // Nothing here takes that long; it turns a hang into a failure.
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return socket;
  }

  bool Read() {
    char bytes[16 * 1024];
    last_read_ = ::recv(socket_.get(), bytes, sizeof bytes, 0);
    if (last_read_ > 0) buffer_.append(bytes, static_cast<std::size_t>(last_read_));
    return last_read_ > 0;
  }

  FileDescriptor socket_;
  bool connected_ = false;
  std::string buffer_;
  ssize_t last_read_ = 0;
};

}  // namespace plinth::net
