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

#include "net/connection_host.h"
#include "net/exchange.h"
#include "net/http.h"
#include "net/output_queue.h"
#include "net/request_parser.h"
#include "net/response_writer.h"
#include "net/server_options.h"
#include "net/stream.h"

namespace plinth::net {

class Connection final : public ClientConnection, public Exchange::Owner {
 public:
  Connection(Stream stream, ConnectionHost* host);
  ~Connection() override;

  // Registers with the loop. Call once; on failure the connection is of no use.
  Status Start();

  void OnEvents(std::uint32_t events) override;
  void OnDeferred() override;

  // Answers `error` to whatever comes, and closes.
  void Reject(const Error& error);
  void Drain() override;
  void Close() override;
  // Closes, or answers 408, if the deadline has passed.
  std::int64_t CheckDeadline(std::int64_t now) override;

 private:
  enum class Phase { kServing, kLingering, kClosed };

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

  bool SwitchIfHttp2();
  bool SwitchIfUpgrade(ParsedRequest& parsed);
  void SwitchToHttp2(Http2Start start);
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
