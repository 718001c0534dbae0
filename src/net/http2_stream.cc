#include "net/http2_stream.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

#include "net/http2_session.h"

namespace plinth::net {

void Http2Stream::SendHead(std::span<const Header> fields, bool end) {
  if (!answerable() || head_sent_) return;
  head_sent_ = true;
  output_ended_ = end;
  session_->SendHead(*this, fields, end);
}

void Http2Stream::Resume() {
  if (!answerable()) return;
  if (!waiting_ && !output_.empty()) {
    waiting_ = true;
    sending_.Begin(session_->host().loop->now());
    session_->WakeAt(sending_.Deadline(session_->host().options->write_timeout));
  }
  session_->Resume(*this);
}

void Http2Stream::EndOutput() {
  if (!answerable()) return;
  output_ended_ = true;
  Resume();
}

void Http2Stream::Reset(std::uint32_t error_code) {
  if (!answerable()) return;
  reset_ = true;
  session_->Reset(*this, error_code);
}

void Http2Stream::WakeAt(std::int64_t when) {
  if (session_ != nullptr) session_->WakeAt(when);
}

void Http2Stream::Release() {
  if (session_ != nullptr) session_->Release(*this);
}

std::int64_t Http2Stream::CheckDeadline(std::int64_t now) {
  std::int64_t next = OnDeadline(now);
  if (waiting_ && answerable()) {
    const std::int64_t deadline = sending_.Deadline(session_->host().options->write_timeout);
    if (now >= deadline) {
      Reset(NGHTTP2_CANCEL);
    } else {
      next = std::min(next, deadline);
    }
  }
  return next;
}

}  // namespace plinth::net
