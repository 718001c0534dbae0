// One client's connection: bytes in, requests to the handler, answers out.
//
// Invariants:
// - Lives on one loop's thread. Others reach it only through the Exchange of a request, by the
// loop's mailbox.
// - One request is with the handler at a time. Until its answer is queued nothing more is read, so
// what a client
//   pipelines stays in the kernel's buffer or in `carry_`, which never holds more than one read.
// - Nothing is read or parsed while an answer cannot be written: a client that does not read stops
// itself.
// - At every moment but while the handler works, and has written nothing that is still here, a
// deadline is set.
// - Once closed, OnEvents() and all else do nothing; the loop frees the object at the end of its
// turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "net/event_loop.h"
#include "net/exchange.h"
#include "net/http.h"
#include "net/output_queue.h"
#include "net/request_parser.h"
#include "net/response_writer.h"
#include "net/server_options.h"
#include "net/stream.h"

namespace plinth::net {

class Connection;

// What the connections of one thread share. Implemented by the server's worker.
class ConnectionHost {
 public:
  // One read's worth of memory. What is read is parsed there; only what is left over is copied to
  // the connection.
  static constexpr std::size_t kReadSize = 64UZ * 1024;

  virtual ~ConnectionHost() = default;
  virtual void OnClosed(Connection* connection) = 0;

  EventLoop* loop = nullptr;
  const HttpServerOptions* options = nullptr;
  const HttpHandler* handler = nullptr;
  std::shared_ptr<ByteBudget> body_budget;
  std::unique_ptr<char[]> read_buffer = std::make_unique_for_overwrite<char[]>(kReadSize);
  HttpDate date;
  bool draining = false;
};

class Connection final : public EventLoop::Source, public Exchange::Owner {
 public:
  Connection(Stream stream, ConnectionHost* host);
  ~Connection() override;

  // Registers with the loop. Call once; on failure the connection is of no use.
  Status Start();

  void OnEvents(std::uint32_t events) override;
  void OnDeferred() override;

  // Answers `error` to whatever comes, and closes.
  void Reject(const Error& error);
  // Closes now if no request is under way; else after its answer.
  void Drain();
  // Closes now, whatever is under way.
  void Close();

  // Closes, or answers 408, if the deadline has passed. Returns the deadline.
  std::int64_t CheckDeadline(std::int64_t now);

  std::size_t index = 0;  // the host's: where it keeps this connection

 private:
  enum class Phase { kServing, kLingering, kClosed };

  // Progress of a transfer, for the deadline that both stalling and dripping run into.
  struct Pace {
    std::int64_t begun = 0;
    std::int64_t last = 0;
    std::size_t bytes = 0;

    void Begin(std::int64_t now) { *this = {now, now, 0}; }
    void Advance(std::int64_t now, std::size_t n) {
      last = now;
      bytes += n;
    }
    std::int64_t Deadline(std::int64_t timeout) const;
  };

  void Advance();
  bool ShakeHands();
  bool ParseSome();
  void Dispatch();
  void OnAnswer(HttpResponse response) override;
  void OnBegin(HttpResponse head) override;
  void OnPiece(std::string piece) override;
  void OnEnd(bool complete) override;
  void Answer(HttpResponse response);
  void QueueHead(const HttpResponse& response);
  void QueueText(std::string text);
  void EndAnswer();
  void FlushAndGoOn();
  void Refuse(const Refusal& refusal);

  bool Receive();
  bool Flush();
  void KeepLeftover();
  void Finish();
  void Linger();
  void UpdateDeadline();
  void DeferAdvance();
  bool Idle() const;

  Stream stream_;
  ConnectionHost* const host_;
  RequestParser parser_;
  Phase phase_ = Phase::kServing;

  // Received and not yet parsed: a view into the host's read buffer while advancing, else of
  // carry_.
  std::span<const char> input_;
  std::string carry_;

  OutputQueue out_;

  std::shared_ptr<Exchange> exchange_;  // set while the handler has a request
  bool advancing_ = false;
  bool deferred_ = false;     // on the loop's list
  bool blocked_ = false;      // the socket takes no more output for now
  bool readable_ = false;     // the last read did not empty the socket
  bool peer_closed_ = false;  // the client has sent its last byte
  bool close_after_output_ = false;
  bool linger_ = false;      // and then wait until the client has seen it
  ResponseFraming framing_;  // of the request being answered
  bool bodiless_ = false;    // the answer has no body, whatever the handler gives

  std::int64_t request_begun_ =
      0;  // when the wait for the current request, or its first byte, began
  bool served_one_ = false;
  Pace receiving_;
  Pace sending_;
  std::int64_t deadline_ = EventLoop::kNever;
};

}  // namespace plinth::net
