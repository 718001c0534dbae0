// One stream of an HTTP/2 connection: a request and its answer.
//
// Invariants:
// - Lives on the thread of the connection's loop; derived classes take what comes from others
// there by its mailbox.
// - session_ is null once the connection is gone; then nothing has an effect any more.
// - The session keeps the stream until it is closed on the wire and finished here, so that work
// for clients that cancel is limited as any other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "net/connection_host.h"
#include "net/http.h"
#include "net/output_queue.h"

namespace plinth::net {

class Http2Session;

class Http2Stream {
 public:
  Http2Stream(Http2Session* session, std::int32_t id) : session_(session), id_(id) {}
  virtual ~Http2Stream() = default;
  Http2Stream(const Http2Stream&) = delete;
  Http2Stream& operator=(const Http2Stream&) = delete;

  // What the client sends: data, at last its end.
  virtual void OnData(std::span<const std::byte> bytes) = 0;
  virtual void OnEnd() = 0;
  // It cannot be answered any more: the client has cancelled it or is gone. Called once, and not
  // after the whole answer was sent.
  virtual void OnCancelled() = 0;
  // Called when a deadline that was asked for by WakeAt() has passed, or earlier. Returns the next.
  std::int64_t CheckDeadline(std::int64_t now);

 protected:
  friend class Http2Session;

  // The answer. `fields` begin with ":status". With `end` it is all of it; else data follows, which
  // is put into output(), announced by Resume(), and ended by EndOutput().
  void SendHead(std::span<const Header> fields, bool end);
  OutputQueue& output() { return output_; }
  void Resume();
  void EndOutput();
  // Ends the stream here and now.
  void Reset(std::uint32_t error_code);
  // Asks for OnDeadline().
  void WakeAt(std::int64_t when);
  // Nothing more is to be expected from whoever works on the request.
  void Release();

  // Fields behind the data; none by default. Their memory must last until the stream is closed.
  virtual std::span<const Header> Trailers() { return {}; }
  // Some of output() has been taken.
  virtual void OnOutputTaken() {}
  virtual std::int64_t OnDeadline(std::int64_t now) = 0;

  // Whether an answer can still be sent.
  bool answerable() const { return session_ != nullptr && open_ && !reset_; }
  bool head_sent() const { return head_sent_; }
  std::int32_t id() const { return id_; }

  Http2Session* session_;

 private:
  const std::int32_t id_;
  std::size_t index_ = 0;  // the session's: where it keeps this stream
  bool open_ = true;       // on the wire
  bool finished_ = false;  // here
  bool head_sent_ = false;
  bool output_ended_ = false;
  bool deferred_ = false;  // the session waits for Resume()
  bool reset_ = false;
  bool waiting_ = false;  // output is there and the client's window may be closed
  OutputQueue output_;
  Pace sending_;
};

}  // namespace plinth::net
