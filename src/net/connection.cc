#include "net/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <utility>

#include "base/log.h"
#include "net/http2_upgrade.h"

namespace plinth::net {
namespace {

// Bodies up to this size are copied behind their head, to go out with others in one piece.
constexpr std::size_t kSmallBody = 16UZ * 1024;
// Answers to pipelined requests are gathered up to here before they are written.
constexpr std::size_t kGatherLimit = 64UZ * 1024;
// How many pipelined requests are handled before other connections get their turn.
constexpr int kRequestsPerTurn = 64;
// How many reads of a body that keeps arriving.
constexpr int kReadsPerTurn = 16;
// How long a closing connection waits for the client to read the answer and close: in all, and
// while draining.
constexpr std::int64_t kLingerTime = 5'000;
constexpr std::int64_t kDrainingLingerTime = 200;
// Memory that a connection keeps between requests.
constexpr std::size_t kKeptCapacity = 4UZ * 1024;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

Connection::Connection(Stream stream, ConnectionHost* host)
    : stream_(std::move(stream)),
      host_(host),
      parser_(host->options->limits, host->body_budget),
      request_begun_(host->loop->now()) {}

Connection::~Connection() {
  if (exchange_ != nullptr) exchange_->Detach();
}

Status Connection::Start() {
  const int on = 1;
  // Fails only on UNIX sockets, which do not need it, and where the peer has gone already, which
  // the first read will tell.
  ::setsockopt(stream_.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  UpdateDeadline();
  return host_->loop->Add(stream_.fd(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, this);
}

void Connection::OnEvents(std::uint32_t events) {
  if (phase_ == Phase::kClosed) return;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) return Close();
  if ((events & EPOLLRDHUP) != 0) {
    peer_closed_ = true;
    if (exchange_ != nullptr) exchange_->Cancel();
  }
  // TLS may have to write before it can read.
  std::uint32_t reading = EPOLLIN | EPOLLRDHUP;
  if (stream_.encrypted()) reading |= EPOLLOUT;
  if ((events & reading) != 0) readable_ = true;
  Advance();
}

void Connection::OnDeferred() {
  deferred_ = false;
  Advance();
}

void Connection::DeferAdvance() {
  if (deferred_) return;
  deferred_ = true;
  host_->loop->Defer(this);
}

// Does all that can be done now: parse, handle, write, read, until something has to be waited for.
void Connection::Advance() {
  if (phase_ == Phase::kLingering) return Linger();
  if (phase_ == Phase::kClosed || advancing_) return;
  if (stream_.shaking_hands() && !ShakeHands()) return;
  advancing_ = true;
  input_ = carry_;
  int requests = 0;
  int reads = 0;
  while (phase_ == Phase::kServing) {
    const bool must_write = close_after_output_ || blocked_ || out_.size() >= kGatherLimit;
    if (must_write && !Flush()) break;
    if (close_after_output_) {
      Finish();
    } else if (exchange_ != nullptr) {
      Flush();  // what was gathered before this request
      break;
    } else if (requests == kRequestsPerTurn || reads == kReadsPerTurn) {
      if (Flush()) DeferAdvance();
      break;
    } else if (ParseSome()) {
      ++requests;
      Dispatch();
    } else if (!close_after_output_) {
      if (!Flush() || !Receive()) break;
      ++reads;
    }
  }
  advancing_ = false;
  if (phase_ != Phase::kServing) return;
  KeepLeftover();
  if (host_->draining && Idle()) return Close();
  out_.Shrink(kKeptCapacity);
  UpdateDeadline();
}

// Goes on with the handshake of TLS. Whether it is over, and the connection goes on.
bool Connection::ShakeHands() {
  switch (stream_.ShakeHands()) {
    case TlsSession::Step::kDone:
      readable_ = true;
      return true;
    case TlsSession::Step::kPlainHttp:
      stream_.BecomePlain();
      if (close_after_output_) return true;  // it has been refused already
      Refuse(
          {400, {Code::kInvalidArgument, "this port speaks HTTPS; use https:// in the address"}});
      return true;
    case TlsSession::Step::kFailed:
      LogDebug("a TLS handshake failed: " + stream_.failure());
      Close();
      return false;
    case TlsSession::Step::kWait:
      if (host_->draining) Close();
      return false;
  }
  return false;
}

// Whether nothing is under way or known to come.
bool Connection::Idle() const {
  return exchange_ == nullptr && out_.empty() && input_.empty() && !deferred_ &&
         parser_.state() == RequestParser::State::kIdle;
}

// Whether a request is complete.
bool Connection::ParseSome() {
  if (parser_.state() == RequestParser::State::kComplete) return true;
  if (parser_.state() == RequestParser::State::kFailed) Refuse(parser_.refusal());
  if (input_.empty() || SwitchIfHttp2()) return false;
  const RequestParser::State before = parser_.state();
  input_ = input_.subspan(parser_.Parse(input_));
  const RequestParser::State after = parser_.state();
  if (after == RequestParser::State::kFailed) {
    Refuse(parser_.refusal());
    return false;
  }
  const std::int64_t now = host_->loop->now();
  if (before == RequestParser::State::kIdle && after != before) request_begun_ = now;
  if (before != RequestParser::State::kBody && after == RequestParser::State::kBody)
    receiving_.Begin(now);
  if (parser_.TakeExpectsContinue() && input_.empty()) out_.Append(kContinue);
  return after == RequestParser::State::kComplete;
}

void Connection::Dispatch() {
  ParsedRequest parsed = parser_.Take();
  if (SwitchIfUpgrade(parsed)) return;
  bodiless_ = parsed.request.verb == Verb::kHead;
  framing_ = {.keep_alive = parsed.keep_alive, .http11 = parsed.http11};
  exchange_ =
      std::make_shared<Exchange>(this, host_->loop->mailbox(), host_->options->stream_memory);
  if (peer_closed_) exchange_->Cancel();
  // A handler that throws drops its Responder, which answers 500.
  try {
    (*host_->handler)(std::move(parsed.request), Responder(exchange_));
  } catch (const std::exception& error) {
    LogError(std::string("a request handler threw: ") + error.what());
  } catch (...) {
    LogError("a request handler threw something that is no std::exception");
  }
}

// The answer of the request in exchange_, on the loop's thread: from within Dispatch(), or at any
// later time.
void Connection::OnAnswer(HttpResponse response) {
  Answer(std::move(response));
  FlushAndGoOn();
}

void Connection::OnBegin(HttpResponse head) {
  framing_.streamed = true;
  if (!framing_.http11) framing_.keep_alive = false;
  QueueHead(head);
  if (!advancing_) DeferAdvance();
}

// Pieces of one turn go out together, at its end.
void Connection::OnPiece(std::string piece) {
  if (bodiless_) return;
  if (framing_.http11) AppendChunkHead(piece.size(), out_.tail());
  QueueText(std::move(piece));
  if (framing_.http11) out_.Append(kChunkEnd);
  exchange_->SetQueued(out_.size());
  if (!advancing_) DeferAdvance();
}

void Connection::OnEnd(bool complete) {
  if (!complete) {
    Flush();  // what there is; the missing end tells the client
    return Close();
  }
  if (framing_.http11 && !bodiless_) out_.Append(kLastChunk);
  EndAnswer();
  FlushAndGoOn();
}

// Queues an answer.
void Connection::Answer(HttpResponse response) {
  QueueHead(response);
  if (!bodiless_) {
    QueueText(std::move(response.body));
    for (Buffer& slice : response.tail) {
      if (slice.size() <= kSmallBody) {
        out_.Append({slice.As<char>(), slice.size()});
      } else {
        out_.Append(std::move(slice));
      }
    }
  }
  EndAnswer();
}

void Connection::QueueHead(const HttpResponse& response) {
  if (host_->draining) framing_.keep_alive = false;
  bodiless_ = bodiless_ || !AllowsBody(response.status);
  AppendResponseHead(response, framing_, host_->date.At(host_->loop->wall_seconds()), out_.tail());
}

void Connection::QueueText(std::string text) {
  if (text.size() <= kSmallBody) {
    out_.Append(text);
  } else {
    out_.Append(Buffer::FromString(std::move(text)));
  }
}

// The answer is queued to its end.
void Connection::EndAnswer() {
  if (exchange_ != nullptr) {
    exchange_->Detach();
    exchange_.reset();
  }
  if (host_->draining) {
    framing_.keep_alive = false;
    linger_ = true;  // the client may be sending its next request already
  }
  if (!framing_.keep_alive) {
    close_after_output_ = true;
    linger_ = linger_ || readable_ || !input_.empty();
  }
  served_one_ = true;
  request_begun_ = host_->loop->now();
}

void Connection::FlushAndGoOn() {
  if (advancing_) return;
  // Written at once; what follows in the pipeline waits, lest answers that set off answers nest
  // without end.
  Flush();
  if (phase_ == Phase::kClosed) return;
  UpdateDeadline();
  DeferAdvance();
}

// Queues the answer to a request that cannot be read, the last on this connection.
void Connection::Refuse(const Refusal& refusal) {
  input_ = {};
  carry_.clear();
  bodiless_ = false;
  framing_ = {.keep_alive = false, .http11 = true};
  linger_ = true;
  HttpResponse response = host_->Refusal(refusal.path, refusal.error);
  if (refusal.status != 0) response.status = refusal.status;
  Answer(std::move(response));
}

void Connection::Reject(const Error& error) {
  Refuse(Refusal{0, error, {}});
  Advance();
}

// Hands the connection over if the client has begun with HTTP/2. True also if it may still turn out
// to: then there is nothing to parse for now.
bool Connection::SwitchIfHttp2() {
  if (served_one_) return false;
  const PrefaceMatch match = MatchHttp2Preface({input_.data(), input_.size()});
  if (match == PrefaceMatch::kWhole)
    SwitchToHttp2({.received = std::string(input_.data(), input_.size())});
  return match != PrefaceMatch::kNone;
}

// Hands the connection over if the request asks for it.
bool Connection::SwitchIfUpgrade(ParsedRequest& parsed) {
  auto settings = Http2UpgradeSettings(parsed.request);
  if (!settings || !parsed.http11 || host_->draining || !Flush()) return false;
  SwitchToHttp2({.output = std::string(kSwitchingToHttp2),
                 .received = std::string(input_.data(), input_.size()),
                 .upgrade = true,
                 .settings = *std::move(settings),
                 .request = std::move(parsed.request)});
  return true;
}

void Connection::SwitchToHttp2(Http2Start start) {
  start.stream.emplace(std::move(stream_));
  phase_ = Phase::kClosed;
  host_->SwitchToHttp2(this, std::move(start));
}

// Reads once, into the body where that is possible. Whether there is something new to parse.
bool Connection::Receive() {
  if (!readable_) return false;
  std::span<std::byte> space;
  if (input_.empty()) space = parser_.BodySpace();
  if (parser_.state() == RequestParser::State::kFailed) return true;  // no memory
  const bool into_body = !space.empty();
  if (!into_body)
    space = std::as_writable_bytes(std::span(host_->read_buffer.get(), ConnectionHost::kReadSize));
  if (!into_body && !input_.empty()) KeepLeftover();

  // Through TLS a read goes on for as long as more arrives.
  if (stream_.encrypted()) space = space.first(std::min(space.size(), ConnectionHost::kReadSize));
  const ssize_t got = stream_.Read(space);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
    readable_ = false;
    return false;
  }
  if (got <= 0) {
    Close();
    return false;
  }
  const auto size = static_cast<std::size_t>(got);
  // All there was, and the end of the stream would have come with an event of its own.
  if (size < space.size() && !peer_closed_) readable_ = false;

  if (parser_.state() == RequestParser::State::kBody) receiving_.Advance(host_->loop->now(), size);
  if (into_body) {
    parser_.BodyReceived(size);
  } else if (input_.empty()) {
    input_ = {host_->read_buffer.get(), size};
  } else {
    carry_.append(host_->read_buffer.get(), size);
    input_ = carry_;
  }
  return true;
}

// Moves unparsed input to the connection's own memory; input_ is all of carry_ then.
void Connection::KeepLeftover() {
  if (input_.empty()) {
    if (carry_.capacity() > kKeptCapacity) {
      carry_ = std::string();
    } else {
      carry_.clear();
    }
    input_ = {};
    return;
  }
  const bool in_carry =
      input_.data() >= carry_.data() && input_.data() < carry_.data() + carry_.size();
  if (in_carry) {
    carry_.erase(0, static_cast<std::size_t>(input_.data() - carry_.data()));
  } else {
    carry_.assign(input_.data(), input_.size());
  }
  input_ = carry_;
}

// Writes what is queued. True if all of it is written; else the socket is full or the connection
// closed.
bool Connection::Flush() {
  const std::int64_t now = host_->loop->now();
  while (!out_.empty()) {
    const ssize_t sent = stream_.Write(out_);
    if (sent < 0) {
      if (errno != EAGAIN && errno != EWOULDBLOCK) {
        Close();
      } else if (!blocked_) {
        blocked_ = true;
        sending_.Begin(now);
      }
      break;
    }
    sending_.Advance(now, static_cast<std::size_t>(sent));
  }
  if (exchange_ != nullptr) exchange_->SetQueued(out_.size());
  if (!out_.empty()) return false;
  blocked_ = false;
  return true;
}

// The last answer is written: closes, at once or when the client has had the time to read it.
// Closing with unread input would make the kernel reset the connection, and the client lose the
// answer.
void Connection::Finish() {
  if (!linger_) return Close();
  stream_.FinishWriting();
  phase_ = Phase::kLingering;
  input_ = {};
  carry_ = std::string();
  out_.Shrink(0);
  deadline_ = host_->loop->now() + (host_->draining ? kDrainingLingerTime : kLingerTime);
  host_->loop->WakeAt(deadline_);
  Linger();
}

// Throws away what the client still sends.
void Connection::Linger() {
  if (!readable_) return;
  const auto left = stream_.Discard(
      std::as_writable_bytes(std::span(host_->read_buffer.get(), ConnectionHost::kReadSize)),
      kReadsPerTurn);
  if (left == Stream::Left::kMore) return DeferAdvance();
  if (left == Stream::Left::kEnd) return Close();
  readable_ = false;
}

void Connection::UpdateDeadline() {
  if (phase_ != Phase::kServing) return;
  const HttpServerOptions& options = *host_->options;
  if (blocked_) {
    deadline_ = sending_.Deadline(options.write_timeout);
  } else if (exchange_ != nullptr) {
    deadline_ = EventLoop::kNever;
  } else if (parser_.state() == RequestParser::State::kBody) {
    deadline_ = receiving_.Deadline(options.body_timeout);
  } else {
    const bool between = served_one_ && parser_.state() == RequestParser::State::kIdle;
    deadline_ = request_begun_ + (between ? options.idle_timeout : options.header_timeout).count();
  }
  host_->loop->WakeAt(deadline_);
}

std::int64_t Connection::CheckDeadline(std::int64_t now) {
  if (phase_ == Phase::kClosed || now < deadline_) return deadline_;
  const bool waiting_for_nothing = parser_.state() == RequestParser::State::kIdle;
  if (phase_ == Phase::kLingering || blocked_ || waiting_for_nothing) {
    Close();
    return EventLoop::kNever;
  }
  const bool body = parser_.state() == RequestParser::State::kBody;
  Reject({Code::kRequestTimeout,
          body ? "the body was not received in time" : "the headers were not received in time"});
  return deadline_;
}

void Connection::Drain() {
  if (phase_ == Phase::kClosed) return;
  if (phase_ == Phase::kLingering) {
    deadline_ = std::min(deadline_, host_->loop->now() + kDrainingLingerTime);
    host_->loop->WakeAt(deadline_);
    return;
  }
  // A request may have arrived whose event has not been handled yet; it deserves an answer.
  readable_ = true;
  Advance();
}

void Connection::Close() {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kClosed;
  deadline_ = EventLoop::kNever;
  if (exchange_ != nullptr) {
    exchange_->Cancel();
    exchange_->Detach();
    exchange_.reset();
  }
  stream_.Close();
  host_->OnClosed(this);
}

}  // namespace plinth::net
