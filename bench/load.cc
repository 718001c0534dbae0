// A closed loop of HTTP requests from one thread: each connection sends, waits for the answer,
// sends again.
//
//   load PORT REQUEST CONNECTIONS SECONDS
//
// REQUEST is a file with one whole request. Every "@@@@@@" in it becomes a running number of six
// digits, so that no two requests are equal. After SECONDS nothing is sent any more, and what is in
// flight is waited for: requests per second are all that were answered over all that time, so a few
// slow ones are not rounded to whole turns. Any answer but a 200 ends the program with an error.
// Prints a line of JSON:
//   {"requests": 1000, "requests_per_s": 58000.1, "p50_us": 14.1, "p99_us": 40.3, "cpu_us": 5.2}
// where cpu_us is this program's own for a request.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kMark = "@@@@@@";

[[noreturn]] void Die(std::string_view what) {
  std::cerr << "load: " << what << '\n';
  std::exit(1);
}

// What is sent: the same bytes for all connections, or a copy of each with numbers of its own.
class Request {
 public:
  explicit Request(std::string bytes) : bytes_(std::move(bytes)) {
    for (std::size_t at = bytes_.find(kMark); at != std::string::npos;
         at = bytes_.find(kMark, at + kMark.size())) {
      marks_.push_back(at);
    }
  }

  // The next request's bytes, in `own` if they differ from the others'.
  std::string_view Next(std::string& own) {
    if (marks_.empty()) return bytes_;
    if (own.empty()) own = bytes_;
    for (const std::size_t mark : marks_) {
      std::uint32_t rest = number_;
      for (std::size_t i = kMark.size(); i-- > 0; rest /= 10) {
        own[mark + i] = static_cast<char>('0' + rest % 10);
      }
    }
    number_ = (number_ + 1) % 1'000'000;
    return own;
  }

 private:
  std::string bytes_;
  std::vector<std::size_t> marks_;
  std::uint32_t number_ = 0;
};

// One connection; at any time either sending its request or waiting for the rest of an answer.
class Connection {
 public:
  Connection(int port, Request& request) : request_(request), fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      Die(std::string("connect: ") + std::strerror(errno));
    }
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { close(fd_); }

  int fd() const { return fd_; }
  Clock::time_point sent() const { return sent_; }

  void Start() {
    left_ = request_.Next(own_);
    answer_.clear();
    sent_ = Clock::now();
    Send();
  }

  // Sends what the socket takes. A request that does not fit is continued when it can be written.
  void Send() {
    while (!left_.empty()) {
      const ssize_t n = send(fd_, left_.data(), left_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && errno == EAGAIN) return;
      if (n < 0) Die(std::string("send: ") + std::strerror(errno));
      left_.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  // Reads what is there; true once the whole answer is. What comes after the last read, epoll
  // tells.
  bool Receive() {
    std::array<char, 65'536> bytes;
    while (true) {
      const ssize_t n = recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (n < 0 && errno == EAGAIN) return false;
      if (n <= 0) Die("the server closed the connection");
      answer_.append(bytes.data(), static_cast<std::size_t>(n));
      if (IsWhole()) return true;
      if (static_cast<std::size_t>(n) < bytes.size()) return false;
    }
  }

 private:
  bool IsWhole() const {
    const std::size_t end = answer_.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const std::size_t at = answer_.find("Content-Length: ");
    if (at > end) Die("an answer without Content-Length: " + answer_.substr(0, end));
    std::size_t size = 0;
    std::from_chars(answer_.data() + at + 16, answer_.data() + end, size);
    if (answer_.size() < end + 4 + size) return false;
    if (!std::string_view(answer_).substr(8).starts_with(" 200 ")) Die(answer_.substr(0, 1'000));
    return true;
  }

  Request& request_;
  int fd_;
  std::string own_;
  std::string_view left_;
  std::string answer_;
  Clock::time_point sent_;
};

struct Result {
  std::vector<double> microseconds;
  double seconds = 0;
};

Result Run(int port, Request& request, int count, double seconds) {
  const int epoll = epoll_create1(0);
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < count; ++i) {
    connections.push_back(std::make_unique<Connection>(port, request));
    epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET,
                      .data = {.ptr = connections[i].get()}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i]->fd(), &event);
  }
  Result result;
  const auto start = Clock::now();
  for (const auto& connection : connections) connection->Start();
  std::array<epoll_event, 64> events;
  for (int open = count; open > 0;) {
    const int ready = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 60'000);
    if (ready <= 0) Die("no answer for a minute");
    for (int i = 0; i < ready; ++i) {
      auto& connection = *static_cast<Connection*>(events[i].data.ptr);
      if ((events[i].events & EPOLLOUT) != 0) connection.Send();
      if (!connection.Receive()) continue;
      const auto now = Clock::now();
      const std::chrono::duration<double, std::micro> took = now - connection.sent();
      result.microseconds.push_back(took.count());
      result.seconds = std::chrono::duration<double>(now - start).count();
      if (result.seconds < seconds) {
        connection.Start();
      } else {
        --open;
      }
    }
  }
  close(epoll);
  return result;
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) Die("usage: load PORT REQUEST CONNECTIONS SECONDS");
  std::ifstream file(argv[2], std::ios::binary);
  Request request(std::string((std::istreambuf_iterator<char>(file)), {}));
  if (!file) Die(std::string("cannot read ") + argv[2]);
  const int connections = std::atoi(argv[3]);
  if (connections < 1) Die("at least one connection");
  const double cpu = CpuSeconds();
  Result result = Run(std::atoi(argv[1]), request, connections, std::atof(argv[4]));
  const auto count = static_cast<double>(result.microseconds.size());
  std::ranges::sort(result.microseconds);
  const auto percentile = [&](std::size_t percent) {
    return result.microseconds[(result.microseconds.size() - 1) * percent / 100];
  };
  std::printf(
      R"({"requests": %.0f, "requests_per_s": %.3f, "p50_us": %.2f, "p99_us": %.2f, "cpu_us": %.2f})"
      "\n",
      count, count / result.seconds, percentile(50), percentile(99),
      (CpuSeconds() - cpu) * 1e6 / count);
}
