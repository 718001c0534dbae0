#include "net/http2_connection.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

namespace plinth::net {
namespace {

// What is taken over from the streams before it is written.
constexpr std::size_t kGatherLimit = 256UZ * 1024;
// How many reads before other connections get their turn.
constexpr int kReadsPerTurn = 16;
// How long a client may take to acknowledge that the connection is being closed, and how long is
// waited until it has read that.
constexpr std::int64_t kGoAwayTime = 1'000;
constexpr std::int64_t kLingerTime = 1'000;
constexpr std::int64_t kDrainingTime = 200;
// Memory that a connection keeps between requests.
constexpr std::size_t kKeptCapacity = 16UZ * 1024;

}  // namespace

Http2Connection::Http2Connection(Http2Start start, ConnectionHost* host)
    : start_(std::move(start)),
      stream_(*std::move(start_.stream)),
      host_(host),
      session_(host, this) {}

Status Http2Connection::Start() {
  Status added = host_->loop->Modify(stream_.fd(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, this);
  if (!added) return added;
  Http2Start start = std::exchange(start_, {});
  out_.Append(start.output);
  advancing_ = true;
  if (start.upgrade) finished_ = !session_.Upgrade(start.settings, std::move(start.request));
  if (!finished_ && !start.received.empty()) finished_ = !session_.Receive(start.received);
  advancing_ = false;
  Advance();
  return {};
}

void Http2Connection::OnEvents(std::uint32_t events) {
  if (phase_ == Phase::kClosed) return;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) return Close();
  if ((events & EPOLLRDHUP) != 0) peer_closed_ = true;
  // TLS may have to write before it can read.
  std::uint32_t reading = EPOLLIN | EPOLLRDHUP;
  if (stream_.encrypted()) reading |= EPOLLOUT;
  if ((events & reading) != 0) readable_ = true;
  Advance();
}

// Reads and handles what is there, and writes what came of it.
void Http2Connection::Advance() {
  if (phase_ == Phase::kLingering) return Linger();
  if (phase_ == Phase::kClosed) return;
  if (!Flush()) return GoOn();
  advancing_ = true;
  int reads = 0;
  while (phase_ == Phase::kServing && !finished_ && reads < kReadsPerTurn && Receive()) {
    ++reads;
    if (out_.size() >= kGatherLimit && !Flush()) break;
  }
  advancing_ = false;
  if (phase_ != Phase::kServing) return;
  if (reads == kReadsPerTurn) host_->loop->Defer(this);
  if (session_.unanswered() == 0 || finished_) {
    Flush();
  } else {
    OnOutput();
  }
  GoOn();
}

void Http2Connection::OnOutput() {
  if (advancing_ || flush_at_turn_end_ || phase_ != Phase::kServing) return;
  flush_at_turn_end_ = true;
  host_->loop->CallAtTurnEnd(this);
}

void Http2Connection::OnTurnEnd() {
  flush_at_turn_end_ = false;
  if (phase_ != Phase::kServing) return;
  const bool was_blocked = blocked_;
  if (Flush() && was_blocked) host_->loop->Defer(this);
  GoOn();
}

// Reads once. Whether there may be more.
bool Http2Connection::Receive() {
  if (!readable_ || blocked_) return false;
  const ssize_t got = stream_.Read(
      std::as_writable_bytes(std::span(host_->read_buffer.get(), ConnectionHost::kReadSize)));
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
    readable_ = false;
    return false;
  }
  if (got <= 0) {
    Close();  // a client that sends no more cannot keep the connection going
    return false;
  }
  const auto size = static_cast<std::size_t>(got);
  // All there was, and the end of the stream would have come with an event of its own.
  if (size < ConnectionHost::kReadSize && !peer_closed_) readable_ = false;
  finished_ = !session_.Receive({host_->read_buffer.get(), size});
  return !finished_;
}

// Writes what there is. True if all of it is written; else the socket is full or the connection
// closed.
bool Http2Connection::Flush() {
  const std::int64_t now = host_->loop->now();
  for (;;) {
    session_.Produce(out_, kGatherLimit);
    if (out_.empty()) break;
    const ssize_t sent = stream_.Write(out_);
    if (sent < 0) {
      if (errno != EAGAIN && errno != EWOULDBLOCK) {
        Close();
      } else if (!std::exchange(blocked_, true)) {
        sending_.Begin(now);
      }
      return false;
    }
    sending_.Advance(now, static_cast<std::size_t>(sent));
  }
  blocked_ = false;
  out_.Shrink(kKeptCapacity);
  return true;
}

// Closes if all has been said, and sets the next deadline.
void Http2Connection::GoOn() {
  if (phase_ != Phase::kServing) return;
  if (out_.empty() && (finished_ || session_.Done())) {
    // Closing with unread input would make the kernel reset the connection, and the client lose
    // what it has not read yet.
    stream_.FinishWriting();
    phase_ = Phase::kLingering;
    deadline_ = host_->loop->now() + (host_->draining ? kDrainingTime : kLingerTime);
    host_->loop->WakeAt(deadline_);
    return Linger();
  }
  UpdateDeadline();
}

// Throws away what the client still sends.
void Http2Connection::Linger() {
  if (!readable_) return;
  const auto left = stream_.Discard(
      std::as_writable_bytes(std::span(host_->read_buffer.get(), ConnectionHost::kReadSize)),
      kReadsPerTurn);
  if (left == Stream::Left::kMore) return host_->loop->Defer(this);
  if (left == Stream::Left::kEnd) return Close();
  readable_ = false;
}

void Http2Connection::UpdateDeadline() {
  const HttpServerOptions& options = *host_->options;
  deadline_ = EventLoop::kNever;
  if (blocked_) deadline_ = sending_.Deadline(options.write_timeout);
  if (session_.going_away()) {
    deadline_ =
        std::min(deadline_, going_away_since_ + (host_->draining ? kDrainingTime : kGoAwayTime));
  } else if (!session_.busy()) {
    deadline_ = std::min(deadline_, session_.idle_since() + options.idle_timeout.count());
  }
  host_->loop->WakeAt(deadline_);
}

std::int64_t Http2Connection::CheckDeadline(std::int64_t now) {
  if (phase_ == Phase::kClosed) return EventLoop::kNever;
  if (phase_ == Phase::kLingering || blocked_) {
    if (now < deadline_) return deadline_;
    Close();
    return EventLoop::kNever;
  }
  const std::int64_t streams = session_.CheckDeadlines(now);
  UpdateDeadline();
  if (now >= deadline_) {
    if (session_.going_away()) {
      session_.FinishGoAway();
      going_away_since_ = EventLoop::kNever - kGoAwayTime;  // only requests are waited for
    } else {
      going_away_since_ = now;
      session_.BeginGoAway();
    }
    UpdateDeadline();
  }
  return std::min(streams, deadline_);
}

void Http2Connection::Drain() {
  if (phase_ == Phase::kClosed) return;
  if (phase_ == Phase::kLingering) {
    deadline_ = std::min(deadline_, host_->loop->now() + kDrainingTime);
    host_->loop->WakeAt(deadline_);
    return;
  }
  going_away_since_ = host_->loop->now();
  session_.BeginGoAway();
  UpdateDeadline();
}

void Http2Connection::Close() {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kClosed;
  deadline_ = EventLoop::kNever;
  stream_.Close();
  host_->OnClosed(this);
}

}  // namespace plinth::net
