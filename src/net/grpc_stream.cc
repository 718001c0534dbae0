#include "net/grpc_stream.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.h"
#include "net/grpc_headers.h"
#include "net/grpc_services.h"
#include "net/http2_session.h"

namespace plinth::net {
namespace {

// Parts of messages up to this size are copied to go out with what is around them.
constexpr std::size_t kSmallPart = 16UZ * 1024;
// Answers that wait before the client's messages do.
constexpr std::size_t kUntakenAnswers = 1024UZ * 1024;

constexpr Header kHead[] = {{":status", "200"}, {"content-type", "application/grpc"}};

constexpr Header kAccepted = {"grpc-accept-encoding", kGrpcCodings};

std::size_t SizeOf(const GrpcMessage& message) {
  std::size_t size = 0;
  for (const Buffer& part : message) size += part.size();
  return size;
}

// Not for the service: what the transport itself has read, or is to say.
bool IsTransportField(std::string_view name) {
  return name == "te" || name == "content-type" || name == "grpc-timeout" ||
         name == "grpc-encoding" || name == "grpc-accept-encoding";
}

}  // namespace

bool IsGrpc(const Http2Head& head, const ConnectionHost& host) {
  if (host.grpc == nullptr || host.grpc->empty()) return false;
  return head.Find("content-type").starts_with("application/grpc") ||
         host.grpc->Find(head.path) != nullptr;
}

GrpcStream::GrpcStream(Http2Session* session, std::int32_t id)
    : Http2Stream(session, id),
      mailbox_(session->host().loop->mailbox()),
      stream_memory_(session->host().options->stream_memory),
      frames_(session->host().options->grpc_message_bytes, session->host().body_budget,
              session->UncountedBytes()) {}

void GrpcStream::Begin(Http2Head head) {
  if (head.method != "POST") return RefuseRequest("405");
  if (!IsGrpcContentType(head.Find("content-type"))) return RefuseRequest("415");
  if (Status accepted = Accept(head); !accepted) return EndWith(accepted.error());
  const GrpcMethod* const method = session_->host().grpc->Find(head.path);
  if (method == nullptr) {
    return EndWith({Code::kUnimplemented,
                    "there is no method '" + std::string(head.path) + "' on this server"});
  }
  const ConnectionHost& host = session_->host();
  pace_.Begin(host.loop->now());
  Call(std::move(head), *method);
  if (!over_ && unary_ != nullptr) WakeAt(pace_.Deadline(host.options->body_timeout));
}

// Checks the head, and begins to watch the call's deadline.
Status GrpcStream::Accept(const Http2Head& head) {
  const ParserLimits& limits = session_->host().options->limits;
  if (head.too_large) {
    return Fail(Code::kResourceExhausted, "the metadata is over the limit of " +
                                              std::to_string(limits.header_bytes) + " bytes or " +
                                              std::to_string(limits.header_fields) + " fields");
  }
  const std::string_view coding = head.Find("grpc-encoding");
  const std::optional<Coding> known = GrpcCodingNamed(coding);
  if (!known) {
    trailers_[0] = kAccepted;
    trailer_count_ = 1;
    return Fail(Code::kUnimplemented, "messages in '" + std::string(coding) +
                                          "' are not understood; use one of " +
                                          std::string(kGrpcCodings));
  }
  coding_in_ = *known;
  if (session_->host().options->grpc_compression)
    coding_out_ = BestGrpcCoding(head.Find("grpc-accept-encoding"));
  const std::string_view timeout = head.Find("grpc-timeout");
  if (timeout.empty()) return {};
  const auto time = ParseGrpcTimeout(timeout);
  if (!time) {
    return Fail(Code::kInvalidArgument, "malformed grpc-timeout '" + std::string(timeout) +
                                            "'; expected up to eight digits and a unit");
  }
  call_.deadline = std::chrono::steady_clock::now() + *time;
  // The loop's clock is the same one.
  deadline_ =
      std::chrono::ceil<std::chrono::milliseconds>(call_.deadline->time_since_epoch()).count();
  WakeAt(deadline_);
  return {};
}

// Runs a service's code, which may end the call from within.
template <typename Function>
void GrpcStream::Guarded(Function function) {
  in_handler_ = true;
  try {
    function();
  } catch (const std::exception& error) {
    LogError(std::string("a gRPC method threw: ") + error.what());
    EndWith({Code::kInternal, "the method failed; this is a fault of the server"});
  } catch (...) {
    LogError("a gRPC method threw something that is no std::exception");
    EndWith({Code::kInternal, "the method failed; this is a fault of the server"});
  }
  in_handler_ = false;
  if (over_) reader_.reset();
}

void GrpcStream::Call(Http2Head head, const GrpcMethod& method) {
  call_.path = head.path;
  call_.storage = std::move(head.storage);
  call_.metadata = std::move(head.fields);
  std::erase_if(call_.metadata, [](const Header& field) { return IsTransportField(field.name); });
  unary_ = std::get_if<GrpcUnary>(&method.handler);
  if (unary_ != nullptr) return;
  writing_ = true;
  Guarded([&] {
    reader_ =
        std::get<GrpcStreaming>(method.handler)(std::move(call_), GrpcWriter(shared_from_this()));
  });
}

void GrpcStream::OnData(std::span<const std::byte> bytes) {
  const std::size_t size = bytes.size();
  while (!bytes.empty() && !over_) {
    if (!frames_.within()) pace_.Begin(session_->host().loop->now());
    const Result<std::size_t> read = frames_.Read(bytes);
    if (!read) return EndWith(read.error());
    bytes = bytes.subspan(*read);
    if (frames_.complete()) OnMessage(frames_.Take());
  }
  if (over_) return;  // the window stays closed
  const ConnectionHost& host = session_->host();
  pace_.Advance(host.loop->now(), size);
  if (frames_.within() && unary_ == nullptr) WakeAt(pace_.Deadline(host.options->body_timeout));
  if (output().size() <= kUntakenAnswers) {
    session_->Consume(*this, size);
  } else {
    unconsumed_ += size;
  }
}

void GrpcStream::OnMessage(GrpcFrameReader::Message message) {
  if (message.compressed) {
    if (coding_in_ == Coding::kIdentity)
      return EndWith({Code::kInternal, "a compressed message in a call without grpc-encoding"});
    const HttpServerOptions& options = *session_->host().options;
    const std::size_t most = std::min(options.grpc_message_bytes, options.limits.body_bytes);
    auto inflated = InflateMessage(coding_in_, message.bytes, most, session_->host().body_budget);
    if (!inflated) return EndWith(inflated.error());
    message.bytes = *std::move(inflated);
  }
  if (unary_ == nullptr) {
    Guarded([&] {
      if (reader_ != nullptr) reader_->OnMessage(std::move(message.bytes));
    });
  } else if (message_) {
    EndWith({Code::kUnimplemented, "more than one message in a call that takes one"});
  } else {
    message_ = std::move(message.bytes);
  }
}

void GrpcStream::OnEnd() {
  receiving_ = false;
  if (over_) return;
  if (frames_.within())
    return EndWith({Code::kInternal, "the client ended its stream within a message"});
  if (unary_ != nullptr) return CallUnary();
  Guarded([&] {
    if (reader_ != nullptr) reader_->OnEnd();
  });
}

void GrpcStream::CallUnary() {
  if (!message_) return EndWith({Code::kUnimplemented, "no message in a call that takes one"});
  writing_ = true;
  Guarded([&] {
    (*unary_)(std::move(call_), *std::exchange(message_, {}), GrpcWriter(shared_from_this()));
  });
}

void GrpcStream::OnCancelled() {
  cancelled_.store(true, std::memory_order_relaxed);
  over_ = true;
  message_.reset();
  if (!in_handler_) reader_.reset();
  if (!writing_) Release();
}

std::int64_t GrpcStream::OnDeadline(std::int64_t now) {
  if (over_ || session_ == nullptr) return EventLoop::kNever;
  std::int64_t next = deadline_;
  if (now >= deadline_) {
    EndWith({Code::kDeadlineExceeded, "the deadline of the call has passed"});
    return EventLoop::kNever;
  }
  // A call with streams may rest between messages for as long as it likes.
  if (receiving_ && (unary_ != nullptr || frames_.within())) {
    const std::int64_t stalled = pace_.Deadline(session_->host().options->body_timeout);
    if (now >= stalled) {
      EndWith({Code::kRequestTimeout, "the message was not received in time"});
      return EventLoop::kNever;
    }
    next = std::min(next, stalled);
  }
  return next;
}

// Whether the caller may do now what others leave to the mailbox.
bool GrpcStream::Direct() const {
  return mailbox_->OnThisThread() && !posted_.load(std::memory_order_acquire);
}

// On the caller's thread, since compressing takes time.
GrpcStream::Outgoing GrpcStream::Pack(GrpcMessage message) const {
  if (coding_out_ != Coding::kIdentity) {
    if (auto smaller = DeflateMessage(coding_out_, message)) return {*std::move(smaller), true};
  }
  return {std::move(message), false};
}

void GrpcStream::Send(GrpcMessage message) {
  Outgoing outgoing = Pack(std::move(message));
  if (!Direct()) return Post(&outgoing, nullptr);
  Write(outgoing);
  Resume();
}

void GrpcStream::Finish(GrpcStatus status) {
  if (Direct()) return WriterFinished(status);
  Post(nullptr, &status);
}

void GrpcStream::Reply(GrpcMessage message) {
  const GrpcStatus ok;
  Outgoing outgoing = Pack(std::move(message));
  if (!Direct()) return Post(&outgoing, &ok);
  Write(outgoing);
  WriterFinished(ok);
}

void GrpcStream::Post(Outgoing* message, const GrpcStatus* status) {
  {
    const std::lock_guard lock(mutex_);
    if (message != nullptr) {
      in_mail_.fetch_add(SizeOf(message->parts), std::memory_order_relaxed);
      mail_.messages.push_back(std::move(*message));
    }
    if (status != nullptr) mail_.status = *status;
    if (posted_.exchange(true, std::memory_order_relaxed)) return;
  }
  mailbox_->Post([self = shared_from_this()] { self->TakeMail(); });
}

void GrpcStream::TakeMail() {
  Mail mail;
  {
    const std::lock_guard lock(mutex_);
    mail = std::exchange(mail_, {});
    posted_.store(false, std::memory_order_release);
  }
  for (const Outgoing& message : mail.messages) {
    in_mail_.fetch_sub(SizeOf(message.parts), std::memory_order_relaxed);
    Write(message);
  }
  if (mail.status) return WriterFinished(*mail.status);
  Resume();
}

// Queues a message; Resume() or End() sends it on its way.
void GrpcStream::Write(const Outgoing& message) {
  if (over_ || !answerable()) return;
  if (unary_ == nullptr && output().size() > stream_memory_) {
    return EndWith({Code::kResourceExhausted, "the client does not take its messages; more than " +
                                                  std::to_string(stream_memory_) +
                                                  " bytes were waiting"});
  }
  if (!head_sent()) {
    const Header fields[] = {kHead[0], kHead[1], {"grpc-encoding", NameOf(coding_out_)}};
    SendHead(std::span(fields).first(coding_out_ == Coding::kIdentity ? 2 : 3), /*end=*/false);
  }
  const std::size_t size = SizeOf(message.parts);
  const char head[5] = {static_cast<char>(message.compressed), static_cast<char>(size >> 24),
                        static_cast<char>(size >> 16), static_cast<char>(size >> 8),
                        static_cast<char>(size)};
  output().Append(std::string_view(head, sizeof head));
  for (const Buffer& part : message.parts) output().AppendOrShare(part, kSmallPart);
  queued_.store(output().size(), std::memory_order_relaxed);
}

void GrpcStream::OnOutputTaken() {
  queued_.store(output().size(), std::memory_order_relaxed);
  if (unconsumed_ > 0 && output().size() <= kUntakenAnswers / 2)
    session_->Consume(*this, std::exchange(unconsumed_, 0));
}

void GrpcStream::WriterFinished(const GrpcStatus& status) {
  const std::shared_ptr<GrpcStream> kept = shared_from_this();
  writing_ = false;
  if (!over_) return End(status);
  Release();
}

// Tells the client how the call has ended.
void GrpcStream::End(const GrpcStatus& status) {
  if (over_) return;
  over_ = true;
  cancelled_.store(true, std::memory_order_relaxed);
  message_.reset();
  status_message_ = EncodeGrpcMessage(status.message);
  trailers_[trailer_count_++] = {"grpc-status", GrpcStatusText(status.code)};
  if (!status_message_.empty()) trailers_[trailer_count_++] = {"grpc-message", status_message_};
  if (head_sent()) {
    EndOutput();
  } else {
    std::vector<Header> fields(std::begin(kHead), std::end(kHead));
    fields.insert(fields.end(), trailers_.begin(),
                  trailers_.begin() + static_cast<std::ptrdiff_t>(trailer_count_));
    SendHead(fields, /*end=*/true);
  }
  if (!in_handler_) reader_.reset();
  if (!writing_) Release();
}

std::span<const Header> GrpcStream::Trailers() { return {trailers_.data(), trailer_count_}; }

// Answers what is no call.
void GrpcStream::RefuseRequest(std::string_view http_status) {
  over_ = true;
  const Header status[] = {{":status", http_status}};
  SendHead(status, /*end=*/true);
  Release();
}

}  // namespace plinth::net
