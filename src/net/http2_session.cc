#include "net/http2_session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "net/grpc_stream.h"
#include "net/http2_request.h"

namespace plinth::net {
namespace {

// What a client may have sent on one stream, and on all together, before the server has taken it:
// enough for a fast link; memory is bounded by the limits on bodies, not by these.
constexpr std::uint32_t kStreamWindow = 1024U * 1024;
constexpr std::int32_t kConnectionWindow = 16 * 1024 * 1024;

// See the invariants. A client that acknowledges every frame that it gets stays even.
constexpr std::size_t kMostCredit = 10'000;
constexpr std::size_t kRequestCredit = 20;
constexpr std::size_t kSentFrameCredit = 4;
constexpr std::size_t kDataCredit = 1024;  // bytes for one

// Streams that a client may cancel at once, and how many a second.
constexpr std::uint64_t kResetBurst = 1000;
constexpr std::uint64_t kResetRate = 200;

// Streams whose small bodies are not counted, and how much of each.
constexpr std::size_t kUncountedStreams = 16;
constexpr std::size_t kUncountedBytes = BodyBuffer::kSmallBody / kUncountedStreams;

// Fields of a head that are put together without an allocation of their own.
constexpr std::size_t kFewFields = 16;

nghttp2_nv FieldOf(const Header& field) {
  // nghttp2 copies both.
  return {.name = reinterpret_cast<std::uint8_t*>(const_cast<char*>(field.name.data())),
          .value = reinterpret_cast<std::uint8_t*>(const_cast<char*>(field.value.data())),
          .namelen = field.name.size(),
          .valuelen = field.value.size(),
          .flags = NGHTTP2_NV_FLAG_NONE};
}

// Calls `submit` with the fields as nghttp2 takes them.
template <typename Submit>
void WithFields(std::span<const Header> fields, Submit submit) {
  if (fields.size() <= kFewFields) {
    std::array<nghttp2_nv, kFewFields> few;
    std::ranges::transform(fields, few.begin(), FieldOf);
    return submit(few.data(), fields.size());
  }
  std::vector<nghttp2_nv> many(fields.size());
  std::ranges::transform(fields, many.begin(), FieldOf);
  submit(many.data(), many.size());
}

Http2Stream* StreamOf(nghttp2_session* session, std::int32_t id) {
  return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session, id));
}

bool EndsStream(const nghttp2_frame* frame) {
  return (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
         (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS);
}

}  // namespace

// What nghttp2 calls. `self` is the session.
struct Http2Session::Callbacks {
  using Raw = nghttp2_session;

  static Http2Session& Self(void* self) { return *static_cast<Http2Session*>(self); }

  static int OnBeginFrame(Raw*, const nghttp2_frame_hd*, void* self) {
    return Self(self).Charge() ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  static int OnBeginHeaders(Raw* raw, const nghttp2_frame* frame, void* self) {
    Http2Session& session = Self(self);
    session.head_begun_ = session.host_->loop->now();
    session.WakeAt(session.head_begun_ + session.host_->options->header_timeout.count());
    session.head_stream_ = 0;
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;  // trailers, of no interest
    if (session.streams_.size() >= session.host_->options->max_streams) {
      nghttp2_submit_rst_stream(raw, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                NGHTTP2_REFUSED_STREAM);
      return 0;
    }
    session.head_stream_ = frame->hd.stream_id;
    session.head_.Begin();
    return 0;
  }

  static int OnHeader(Raw*, const nghttp2_frame*, nghttp2_rcbuf* name, nghttp2_rcbuf* value,
                      std::uint8_t, void* self) {
    Http2Session& session = Self(self);
    if (session.head_stream_ == 0) return 0;
    const auto text = [](nghttp2_rcbuf* buffer) {
      const nghttp2_vec bytes = nghttp2_rcbuf_get_buf(buffer);
      return std::string_view(reinterpret_cast<const char*>(bytes.base), bytes.len);
    };
    session.head_.Add(text(name), text(value));
    return 0;
  }

  static int OnFrame(Raw* raw, const nghttp2_frame* frame, void* self) {
    Http2Session& session = Self(self);
    const std::int32_t id = frame->hd.stream_id;
    const bool end = EndsStream(frame);
    if (frame->hd.type == NGHTTP2_HEADERS) {
      session.head_begun_ = EventLoop::kNever;
      if (std::exchange(session.head_stream_, 0) == id) session.OnHead(id, !end);
    } else if (frame->hd.type == NGHTTP2_PING) {
      session.idle_since_ = session.host_->loop->now();
      const bool answered = (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0;
      if (answered && session.going_away_) session.FinishGoAway();
    }
    if (end) {
      if (Http2Stream* const stream = StreamOf(raw, id)) stream->OnEnd();
    }
    return 0;
  }

  static int OnData(Raw* raw, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                    std::size_t size, void* self) {
    Self(self).Earn(1 + size / kDataCredit);
    Http2Stream* const stream = StreamOf(raw, id);
    if (stream == nullptr) {
      nghttp2_session_consume(raw, id, size);
      return 0;
    }
    nghttp2_session_consume_connection(raw, size);
    stream->OnData({reinterpret_cast<const std::byte*>(data), size});
    return 0;
  }

  static int OnInvalidFrame(Raw*, const nghttp2_frame* frame, int, void* self) {
    if (frame->hd.type == NGHTTP2_HEADERS) Self(self).head_begun_ = EventLoop::kNever;
    return 0;
  }

  static int OnStreamClose(Raw* raw, std::int32_t id, std::uint32_t, void* self) {
    if (Http2Stream* const stream = StreamOf(raw, id)) Self(self).OnClosed(*stream);
    return 0;
  }

  // Once the whole answer is out, what the client may still want to send is of no use.
  static int OnFrameSent(Raw* raw, const nghttp2_frame* frame, void* self) {
    if (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS)
      Self(self).Earn(kSentFrameCredit);
    if (EndsStream(frame) && nghttp2_session_get_stream_remote_close(raw, frame->hd.stream_id) == 0)
      nghttp2_submit_rst_stream(raw, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    return 0;
  }

  // How much of a stream's output the next frame takes. The bytes are taken by SendData().
  static ssize_t ReadOutput(Raw* raw, std::int32_t id, std::uint8_t*, std::size_t most,
                            std::uint32_t* flags, nghttp2_data_source* source, void*) {
    auto& stream = *static_cast<Http2Stream*>(source->ptr);
    const std::size_t size = std::min(most, stream.output_.size());
    if (size == 0 && !stream.output_ended_) {
      stream.deferred_ = true;
      return NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (size == stream.output_.size() && stream.output_ended_) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      if (const std::span<const Header> trailers = stream.Trailers(); !trailers.empty()) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        WithFields(trailers, [&](const nghttp2_nv* fields, std::size_t count) {
          nghttp2_submit_trailer(raw, id, fields, count);
        });
      }
    }
    return static_cast<ssize_t>(size);
  }

  static int SendData(Raw*, nghttp2_frame*, const std::uint8_t* head, std::size_t size,
                      nghttp2_data_source* source, void* self) {
    constexpr std::size_t kFrameHead = 9;
    Http2Session& session = Self(self);
    if (session.out_->size() >= session.most_) return NGHTTP2_ERR_WOULDBLOCK;
    auto& stream = *static_cast<Http2Stream*>(source->ptr);
    session.out_->Append(std::string_view(reinterpret_cast<const char*>(head), kFrameHead));
    stream.output_.MoveTo(*session.out_, size);
    stream.sending_.Advance(session.host_->loop->now(), size);
    stream.waiting_ = !stream.output_.empty();
    stream.OnOutputTaken();
    return 0;
  }

  static const nghttp2_session_callbacks* All() {
    static const nghttp2_session_callbacks* const all = [] {
      nghttp2_session_callbacks* made = nullptr;
      nghttp2_session_callbacks_new(&made);
      nghttp2_session_callbacks_set_on_begin_frame_callback(made, OnBeginFrame);
      nghttp2_session_callbacks_set_on_begin_headers_callback(made, OnBeginHeaders);
      nghttp2_session_callbacks_set_on_header_callback2(made, OnHeader);
      nghttp2_session_callbacks_set_on_frame_recv_callback(made, OnFrame);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, OnData);
      nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(made, OnInvalidFrame);
      nghttp2_session_callbacks_set_on_stream_close_callback(made, OnStreamClose);
      nghttp2_session_callbacks_set_on_frame_send_callback(made, OnFrameSent);
      nghttp2_session_callbacks_set_send_data_callback(made, SendData);
      return made;
    }();
    return all;
  }

  static const nghttp2_option* Options() {
    static const nghttp2_option* const options = [] {
      nghttp2_option* made = nullptr;
      nghttp2_option_new(&made);
      nghttp2_option_set_no_auto_window_update(made, 1);
      nghttp2_option_set_no_closed_streams(made, 1);
      nghttp2_option_set_stream_reset_rate_limit(made, kResetBurst, kResetRate);
      return made;
    }();
    return options;
  }
};

void Http2Session::SessionDeleter::operator()(nghttp2_session* session) const {
  nghttp2_session_del(session);
}

Http2Session::Http2Session(ConnectionHost* host, Owner* owner)
    : host_(host),
      owner_(owner),
      head_(host->options->limits),
      head_begun_(EventLoop::kNever),
      credit_(kMostCredit),
      idle_since_(host->loop->now()) {
  nghttp2_session* made = nullptr;
  // These fail only where there is no memory.
  if (nghttp2_session_server_new2(&made, Callbacks::All(), this, Callbacks::Options()) != 0) return;
  session_.reset(made);
  const auto number = [](std::size_t n) {
    return static_cast<std::uint32_t>(std::min<std::size_t>(n, INT32_MAX));
  };
  const std::array<nghttp2_settings_entry, 4> settings = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, number(host->options->max_streams)},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, number(host->options->limits.header_bytes)},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(made, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

Http2Session::~Http2Session() {
  for (const auto& stream : std::exchange(streams_, {})) {
    stream->session_ = nullptr;
    if (std::exchange(stream->open_, false)) stream->OnCancelled();
  }
}

bool Http2Session::Upgrade(std::string_view settings, HttpRequest request) {
  constexpr std::int32_t kUpgradedStream = 1;
  const bool head = request.verb == Verb::kHead;
  if (session_ == nullptr ||
      nghttp2_session_upgrade2(session_.get(),
                               reinterpret_cast<const std::uint8_t*>(settings.data()),
                               settings.size(), head ? 1 : 0, nullptr) != 0) {
    return false;
  }
  auto stream = std::make_shared<HttpStream>(this, kUpgradedStream);
  HttpStream& added = *stream;
  AddStream(kUpgradedStream, std::move(stream));
  added.Dispatch(std::move(request));
  return true;
}

bool Http2Session::Receive(std::span<const char> bytes) {
  if (session_ == nullptr) return false;
  const ssize_t taken = nghttp2_session_mem_recv(
      session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (taken < 0) {
    const bool flood = credit_ == 0 || taken == NGHTTP2_ERR_FLOODED;
    nghttp2_session_terminate_session(session_.get(),
                                      flood ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_PROTOCOL_ERROR);
    return false;
  }
  return nghttp2_session_want_read(session_.get()) != 0;
}

void Http2Session::Produce(OutputQueue& out, std::size_t most) {
  if (session_ == nullptr) return;
  out_ = &out;
  most_ = most;
  while (out.size() < most) {
    const std::uint8_t* frame = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &frame);
    if (size <= 0) break;
    out.Append(
        std::string_view(reinterpret_cast<const char*>(frame), static_cast<std::size_t>(size)));
  }
  out_ = nullptr;
}

bool Http2Session::Done() const {
  return session_ == nullptr || (nghttp2_session_want_read(session_.get()) == 0 &&
                                 nghttp2_session_want_write(session_.get()) == 0);
}

// In two steps, since requests may be on their way: a ping that comes back tells that the client
// has seen the first.
void Http2Session::BeginGoAway() {
  if (session_ == nullptr || going_away_) return;
  going_away_ = true;
  nghttp2_submit_shutdown_notice(session_.get());
  nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr);
  owner_->OnOutput();
}

void Http2Session::FinishGoAway() {
  if (session_ == nullptr) return;
  going_away_ = true;
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_.get()), NGHTTP2_NO_ERROR,
                        nullptr, 0);
  owner_->OnOutput();
}

void Http2Session::OnHead(std::int32_t id, bool has_body) {
  Earn(kRequestCredit);
  Http2Head head = head_.Take();
  if (IsGrpc(head, *host_)) {
    auto stream = std::make_shared<GrpcStream>(this, id);
    GrpcStream& added = *stream;
    AddStream(id, std::move(stream));
    added.Begin(std::move(head));
  } else {
    auto stream = std::make_shared<HttpStream>(this, id);
    HttpStream& added = *stream;
    AddStream(id, std::move(stream));
    added.Begin(std::move(head), has_body);
  }
}

void Http2Session::AddStream(std::int32_t id, std::shared_ptr<Http2Stream> stream) {
  nghttp2_session_set_stream_user_data(session_.get(), id, stream.get());
  stream->index_ = streams_.size();
  streams_.push_back(std::move(stream));
  ++unanswered_;
}

void Http2Session::OnClosed(Http2Stream& stream) {
  const std::shared_ptr<Http2Stream> kept = streams_[stream.index_];
  stream.open_ = false;
  const bool answered = stream.head_sent_ && stream.output_ended_ && stream.output_.empty();
  if (!answered) stream.OnCancelled();
  RemoveIfOver(stream);
}

void Http2Session::Release(Http2Stream& stream) {
  if (std::exchange(stream.finished_, true)) return;
  --unanswered_;
  RemoveIfOver(stream);
}

void Http2Session::RemoveIfOver(Http2Stream& stream) {
  if (stream.session_ == nullptr || stream.open_ || !stream.finished_) return;
  const std::size_t index = stream.index_;
  stream.session_ = nullptr;
  const std::shared_ptr<Http2Stream> removed = std::move(streams_[index]);
  if (index + 1 < streams_.size()) {
    streams_[index] = std::move(streams_.back());
    streams_[index]->index_ = index;
  }
  streams_.pop_back();
  if (streams_.empty()) idle_since_ = host_->loop->now();
}

void Http2Session::SendHead(Http2Stream& stream, std::span<const Header> fields, bool end) {
  nghttp2_data_provider provider{.source = {.ptr = &stream},
                                 .read_callback = Callbacks::ReadOutput};
  WithFields(fields, [&](const nghttp2_nv* all, std::size_t count) {
    nghttp2_submit_response(session_.get(), stream.id_, all, count, end ? nullptr : &provider);
  });
  owner_->OnOutput();
}

void Http2Session::Resume(Http2Stream& stream) {
  if (std::exchange(stream.deferred_, false))
    nghttp2_session_resume_data(session_.get(), stream.id_);
  owner_->OnOutput();
}

void Http2Session::Reset(Http2Stream& stream, std::uint32_t error_code) {
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id_, error_code);
  owner_->OnOutput();
}

void Http2Session::Consume(Http2Stream& stream, std::size_t bytes) {
  nghttp2_session_consume_stream(session_.get(), stream.id_, bytes);
}

std::size_t Http2Session::UncountedBytes() const {
  return streams_.size() <= kUncountedStreams ? kUncountedBytes : 0;
}

void Http2Session::WakeAt(std::int64_t when) {
  next_deadline_ = std::min(next_deadline_, when);
  host_->loop->WakeAt(when);
}

std::int64_t Http2Session::CheckDeadlines(std::int64_t now) {
  if (now < next_deadline_) return next_deadline_;
  next_deadline_ = EventLoop::kNever;
  if (head_begun_ != EventLoop::kNever) {
    const std::int64_t deadline = head_begun_ + host_->options->header_timeout.count();
    if (now >= deadline && session_ != nullptr) {
      nghttp2_session_terminate_session(session_.get(), NGHTTP2_ENHANCE_YOUR_CALM);
      owner_->OnOutput();
    } else {
      next_deadline_ = deadline;
    }
  }
  // From the end: one that goes has its place taken by the last, which has had its turn.
  for (std::size_t i = streams_.size(); i-- > 0;) {
    if (i >= streams_.size()) continue;
    const std::shared_ptr<Http2Stream> stream = streams_[i];
    next_deadline_ = std::min(next_deadline_, stream->CheckDeadline(now));
  }
  return next_deadline_;
}

bool Http2Session::Charge() {
  if (credit_ > 0) --credit_;
  return credit_ > 0;
}

void Http2Session::Earn(std::size_t credit) { credit_ = std::min(kMostCredit, credit_ + credit); }

}  // namespace plinth::net
