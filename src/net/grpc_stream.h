// A stream that carries a gRPC call: messages in, messages and a status out.
//
// Invariants:
// - All but the Sink's functions are called on the loop's thread. What other threads give goes
// through mail_, in order, with one task in the mailbox at a time.
// - Once over_, the client has been told how the call ended, or does not listen any more: what
// still comes from either side is dropped.
// - Of a client that does not take its answers no more messages are taken.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/grpc.h"
#include "net/grpc_coding.h"
#include "net/grpc_frames.h"
#include "net/http2_head.h"
#include "net/http2_stream.h"

namespace plinth::net {

// Whether a request is for gRPC: by its content type, or because it names a method.
bool IsGrpc(const Http2Head& head, const ConnectionHost& host);

class GrpcStream final : public Http2Stream,
                         public GrpcWriter::Sink,
                         public std::enable_shared_from_this<GrpcStream> {
 public:
  GrpcStream(Http2Session* session, std::int32_t id);

  void Begin(Http2Head head);

  void OnData(std::span<const std::byte> bytes) override;
  void OnEnd() override;
  void OnCancelled() override;

  // Any thread.
  void Send(GrpcMessage message) override;
  void Finish(GrpcStatus status) override;
  void Reply(GrpcMessage message) override;
  std::size_t unsent() const override {
    return in_mail_.load(std::memory_order_relaxed) + queued_.load(std::memory_order_relaxed);
  }
  bool cancelled() const override { return cancelled_.load(std::memory_order_relaxed); }

 private:
  struct Outgoing {
    GrpcMessage parts;
    bool compressed = false;
  };
  struct Mail {
    std::vector<Outgoing> messages;
    std::optional<GrpcStatus> status;
  };

  Status Accept(const Http2Head& head);
  void Call(Http2Head head, const GrpcMethod& method);
  void OnMessage(GrpcFrameReader::Message message);
  void CallUnary();
  template <typename Function>
  void Guarded(Function function);

  bool Direct() const;
  Outgoing Pack(GrpcMessage message) const;
  void Post(Outgoing* message, const GrpcStatus* status);
  void TakeMail();

  void Write(const Outgoing& message);
  void WriterFinished(const GrpcStatus& status);
  void End(const GrpcStatus& status);
  void EndWith(const Error& error) { End(GrpcStatus::FromError(error)); }
  void RefuseRequest(std::string_view http_status);

  std::span<const Header> Trailers() override;
  void OnOutputTaken() override;
  std::int64_t OnDeadline(std::int64_t now) override;

  const std::shared_ptr<Mailbox> mailbox_;
  const std::size_t stream_memory_;
  GrpcFrameReader frames_;
  Pace pace_;  // of the message being received

  Coding coding_in_ = Coding::kIdentity;   // of messages that are marked as compressed
  Coding coding_out_ = Coding::kIdentity;  // of answers where that is worth it; set before the call

  const GrpcUnary* unary_ = nullptr;
  GrpcCall call_;  // of a unary call until it begins
  std::optional<Buffer> message_;
  std::unique_ptr<GrpcReader> reader_;  // of a call with streams
  bool in_handler_ = false;
  bool writing_ = false;  // a writer has been given out that has not finished
  bool receiving_ = true;
  bool over_ = false;
  std::size_t unconsumed_ = 0;  // bytes that the client may not send until its answers are taken
  std::int64_t deadline_ = EventLoop::kNever;

  std::string status_message_;  // percent-encoded
  std::array<Header, 3> trailers_{};
  std::size_t trailer_count_ = 0;

  std::mutex mutex_;
  Mail mail_;                         // guarded by mutex_
  std::atomic<bool> posted_ = false;  // set with mutex_: the mail is on its way
  std::atomic<bool> cancelled_ = false;
  std::atomic<std::size_t> in_mail_ = 0;
  std::atomic<std::size_t> queued_ = 0;
};

}  // namespace plinth::net
