// HTTP requests over many connections from one thread.
//
//   load PORT REQUEST CONNECTIONS SECONDS [RATE]
//
// REQUEST is a file with one whole request. Every "@@@@@@" in it becomes a running number of six
// digits, so that no two requests are equal.
// Without RATE each connection sends again as soon as it is answered. With it, requests are due at
// random times (a Poisson process), so many a second on average, and a latency counts from the time
// when the request was due, whether or not a connection was free then. It asks for real-time
// priority then, if it may (root): it stands for clients elsewhere, who do not wait for the
// processors of a busy server.
// After SECONDS no request becomes due any more, and what is in flight is waited for: requests per
// second are all that were answered over all that time, so a few slow ones are not rounded to whole
// turns. Any answer but a 200 ends the program with an error. Prints a line of JSON:
//   {"requests": 1000, "requests_per_s": 58000.1, "p50_us": 14.1, "p99_us": 40.3, "cpu_us": 5.2}
// where cpu_us is this program's own for a request.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sched.h>
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
#include <random>
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
  // Begins where the clock is, so that the next run does not repeat the numbers of this one.
  std::uint32_t number_ = static_cast<std::uint32_t>(Clock::now().time_since_epoch() /
                                                     std::chrono::microseconds(5) % 1'000'000);
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
  Clock::time_point due() const { return due_; }

  // Sends the next request; its latency counts from `due`.
  void Start(Clock::time_point due) {
    left_ = request_.Next(own_);
    answer_.clear();
    due_ = due;
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
  Clock::time_point due_;
};

struct Result {
  std::vector<double> microseconds;
  double seconds = 0;
};

// Every connection is either in idle_ or waits for an answer.
class Loop {
 public:
  // rate: requests that become due in a second; 0: one whenever a connection is idle.
  Loop(int port, Request& request, int connections, double rate)
      : epoll_(epoll_create1(0)), rate_(rate) {
    for (int i = 0; i < connections; ++i) {
      connections_.push_back(std::make_unique<Connection>(port, request));
      idle_.push_back(connections_.back().get());
      epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.ptr = idle_.back()}};
      epoll_ctl(epoll_, EPOLL_CTL_ADD, idle_.back()->fd(), &event);
    }
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() { close(epoll_); }

  Result Run(double seconds) {
    Result result;
    const auto start = Clock::now();
    const auto end = start + Duration(seconds);
    due_ = start;
    SendDue(start, end);
    std::array<epoll_event, 64> events;
    while (idle_.size() < connections_.size() || due_ < end) {
      const int ready = Wait(events, end);
      auto now = Clock::now();
      for (int i = 0; i < ready; ++i) {
        auto& connection = *static_cast<Connection*>(events[i].data.ptr);
        if ((events[i].events & EPOLLOUT) != 0) connection.Send();
        if (!connection.Receive()) continue;
        now = Clock::now();
        const std::chrono::duration<double, std::micro> took = now - connection.due();
        result.microseconds.push_back(took.count());
        result.seconds = std::chrono::duration<double>(now - start).count();
        idle_.push_back(&connection);
        SendDue(now, end);
      }
      SendDue(now, end);
    }
    return result;
  }

 private:
  static Clock::duration Duration(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }

  void SendDue(Clock::time_point now, Clock::time_point end) {
    if (rate_ == 0) due_ = now;
    while (!idle_.empty() && due_ <= now && due_ < end) {
      idle_.back()->Start(due_);
      idle_.pop_back();
      if (rate_ > 0) due_ += Duration(gap_(random_) / rate_);
    }
  }

  // Until something can be read or sent, or a request is due that an idle connection can take.
  int Wait(std::array<epoll_event, 64>& events, Clock::time_point end) const {
    using std::chrono::nanoseconds;
    const bool waits_for_due = !idle_.empty() && due_ < end;
    const nanoseconds most =
        waits_for_due ? nanoseconds(due_ - Clock::now()) : nanoseconds(std::chrono::minutes(1));
    const std::int64_t ns = std::max<std::int64_t>(most.count(), 0);
    const timespec timeout{.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
    const int ready =
        epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
    if (ready < 0) Die(std::string("epoll_pwait2: ") + std::strerror(errno));
    if (ready == 0 && !waits_for_due) Die("no answer for a minute");
    return ready;
  }

  int epoll_;
  double rate_;
  Clock::time_point due_;  // of the next request
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> idle_;
  std::mt19937_64 random_{1};
  std::exponential_distribution<double> gap_{1};  // mean 1
};

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5 && argc != 6) Die("usage: load PORT REQUEST CONNECTIONS SECONDS [RATE]");
  std::ifstream file(argv[2], std::ios::binary);
  Request request(std::string((std::istreambuf_iterator<char>(file)), {}));
  if (!file) Die(std::string("cannot read ") + argv[2]);
  const int connections = std::atoi(argv[3]);
  const double rate = argc == 6 ? std::atof(argv[5]) : 0;
  if (connections < 1 || rate < 0) Die("at least one connection; a positive rate");
  if (rate > 0) {
    const sched_param priority{.sched_priority = 1};
    sched_setscheduler(0, SCHED_RR, &priority);
  }
  const double cpu = CpuSeconds();
  Result result = Loop(std::atoi(argv[1]), request, connections, rate).Run(std::atof(argv[4]));
  if (result.microseconds.empty()) Die("no request was due");
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
