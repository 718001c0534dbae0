#include "python/channel.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace plinth::python {
namespace {

constexpr std::chrono::seconds kSendPatience{10};
constexpr std::size_t kFirstBuffer = std::size_t{64} << 10;

// For ppoll(): nullptr if there is no end.
const timespec* Left(std::optional<Clock::time_point> until, timespec& left) {
  if (!until) return nullptr;
  const auto nanoseconds =
      std::max<std::int64_t>(0, std::chrono::nanoseconds(*until - Clock::now()).count());
  left = {nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
  return &left;
}

}  // namespace

std::array<bool, 3> AwaitReadable(const std::array<int, 3>& files,
                                  std::optional<Clock::time_point> until) {
  pollfd polled[] = {{files[0], POLLIN, 0}, {files[1], POLLIN, 0}, {files[2], POLLIN, 0}};
  for (;;) {
    timespec left{};
    if (ppoll(polled, 3, Left(until, left), nullptr) < 0 && errno == EINTR) continue;
    return {polled[0].revents != 0, polled[1].revents != 0, polled[2].revents != 0};
  }
}

bool Channel::Send(std::span<const std::byte> frame) {
  const auto until = Clock::now() + kSendPatience;
  while (!frame.empty()) {
    const ssize_t sent =
        ::send(socket_.get(), frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      frame = frame.subspan(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return false;
    pollfd file{socket_.get(), POLLOUT, 0};
    timespec left{};
    if (ppoll(&file, 1, Left(until, left), nullptr) == 0) return false;
  }
  return true;
}

std::optional<std::expected<Frame, NoFrame>> Channel::Take() {
  const std::size_t there = end_ - begin_;
  FrameHeader header;
  if (there < sizeof(header)) return std::nullopt;
  std::memcpy(&header, buffer_.data() + begin_, sizeof(header));
  if (header.size < sizeof(header) || header.size > kMaxFrame)
    return std::unexpected(NoFrame::kBroken);
  if (there < header.size) {
    // The rest of a large frame goes behind its beginning.
    if (buffer_.size() < begin_ + header.size) buffer_.resize(begin_ + header.size);
    return std::nullopt;
  }
  const std::span<const std::byte> bytes(buffer_.data() + begin_, header.size);
  begin_ += header.size;
  return Frame{static_cast<FrameKind>(header.kind), header.call, bytes};
}

bool Channel::Fill() {
  if (buffer_.empty()) buffer_.resize(kFirstBuffer);
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == buffer_.size()) {
    if (begin_ > 0) {
      std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), buffer_.end(),
                buffer_.begin());
      end_ -= begin_;
      begin_ = 0;
    } else {
      buffer_.resize(2 * buffer_.size());
    }
  }
  for (;;) {
    const ssize_t got = ::recv(socket_.get(), buffer_.data() + end_, buffer_.size() - end_, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    end_ += static_cast<std::size_t>(got);
    return true;
  }
}

std::expected<Frame, NoFrame> Channel::Receive(std::optional<Clock::time_point> until, int wake) {
  for (;;) {
    if (auto taken = Take()) return *taken;
    const auto [arrived, woken, none] = AwaitReadable({socket_.get(), wake, -1}, until);
    if (!arrived) return std::unexpected(woken ? NoFrame::kWoken : NoFrame::kTimeout);
    if (!Fill()) return std::unexpected(NoFrame::kClosed);
  }
}

}  // namespace plinth::python
