// The protocol of one HTTP/2 connection: frames in, requests to their handlers, frames out. No
// sockets: the same code is driven by connections and by the fuzzer. Framing, HPACK and the states
// of streams are nghttp2's; what a client may cost is decided here.
//
// Invariants:
// - Receive() only queues; Produce() is never called from within.
// - A stream stays in streams_ until it is closed on the wire and finished by its handler, and
// there are at most `max_streams` of them: a client that cancels gains nothing (CVE-2023-44487).
// - Every frame costs credit, every request and every piece of data earns some: who sends frames of
// no use (pings, settings, empty data) runs out of it and is sent away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "net/connection_host.h"
#include "net/http2_head.h"
#include "net/http2_stream.h"
#include "net/output_queue.h"

struct nghttp2_session;

namespace plinth::net {

class Http2Session {
 public:
  // Who writes what Produce() gives.
  class Owner {
   public:
    virtual void OnOutput() = 0;  // there is something; called as often as it happens

   protected:
    ~Owner() = default;
  };

  Http2Session(ConnectionHost* host, Owner* owner);
  // Cancels what is under way.
  ~Http2Session();
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  // Begins as the continuation of an HTTP/1.1 connection. Before anything else. False if the
  // settings are not valid; then the session is of no use.
  bool Upgrade(std::string_view settings, HttpRequest request);

  // Takes what the client has sent. False if nothing more is to be read from it.
  bool Receive(std::span<const char> bytes);

  // Moves what is to be sent to `out`, until it holds `most` bytes or somewhat more.
  void Produce(OutputQueue& out, std::size_t most);

  // Announces that no new requests are taken; and, some time later, that those that have come are
  // the last. A session without streams is done then.
  void BeginGoAway();
  void FinishGoAway();
  bool going_away() const { return going_away_; }

  // Whether all has been said: nothing to send, nothing to expect.
  bool Done() const;

  // Whether requests are under way; and how many of them are not answered.
  bool busy() const { return !streams_.empty(); }
  std::size_t unanswered() const { return unanswered_; }
  // When the last request ended or the client last showed that it is there.
  std::int64_t idle_since() const { return idle_since_; }

  // Does what deadlines that have passed ask for. Returns the next.
  std::int64_t CheckDeadlines(std::int64_t now);

  // For streams.
  ConnectionHost& host() const { return *host_; }
  void SendHead(Http2Stream& stream, std::span<const Header> fields, bool end);
  void Resume(Http2Stream& stream);
  void Reset(Http2Stream& stream, std::uint32_t error_code);
  void WakeAt(std::int64_t when);
  void Release(Http2Stream& stream);
  // Lets the client send as many bytes more on the stream.
  void Consume(Http2Stream& stream, std::size_t bytes);
  // How many bytes of a new stream's body need not be counted.
  std::size_t UncountedBytes() const;

 private:
  struct Callbacks;
  struct SessionDeleter {
    void operator()(nghttp2_session* session) const;
  };

  void OnHead(std::int32_t id, bool has_body);
  void AddStream(std::int32_t id, std::shared_ptr<Http2Stream> stream);
  void RemoveIfOver(Http2Stream& stream);
  void OnClosed(Http2Stream& stream);
  bool Charge();
  void Earn(std::size_t credit);

  ConnectionHost* const host_;
  Owner* const owner_;
  std::unique_ptr<nghttp2_session, SessionDeleter> session_;
  Http2HeadReader head_;
  std::int32_t head_stream_ = 0;  // whose head is being gathered; 0: nobody's
  std::int64_t head_begun_;       // when the header block being received began; kNever: none is
  std::vector<std::shared_ptr<Http2Stream>> streams_;
  std::size_t unanswered_ = 0;
  OutputQueue* out_ = nullptr;  // while producing
  std::size_t most_ = 0;
  std::size_t credit_;
  std::int64_t idle_since_;
  std::int64_t next_deadline_ = EventLoop::kNever;
  bool going_away_ = false;
};

}  // namespace plinth::net
