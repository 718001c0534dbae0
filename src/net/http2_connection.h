// One client's connection that speaks HTTP/2: the socket's side of an Http2Session.
//
// Invariants:
// - Nothing is read while the socket takes no output: a client that does not read stops itself.
// - What the streams have to send is taken over only as the socket takes it.
// - Whatever the requests of a turn are answered with is written together: at once if all of them
// are answered, else at the turn's end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "net/connection_host.h"
#include "net/http2_session.h"
#include "net/output_queue.h"
#include "net/stream.h"

namespace plinth::net {

class Http2Connection final : public ClientConnection, private Http2Session::Owner {
 public:
  Http2Connection(Http2Start start, ConnectionHost* host);

  // Takes over the stream's registration with the loop. Call once, when the host knows of this.
  Status Start();

  void OnEvents(std::uint32_t events) override;
  void OnDeferred() override { Advance(); }
  void OnTurnEnd() override;

  void Drain() override;
  void Close() override;
  std::int64_t CheckDeadline(std::int64_t now) override;

 private:
  enum class Phase { kServing, kLingering, kClosed };

  void OnOutput() override;

  void Advance();
  bool Receive();
  bool Flush();
  void GoOn();
  void Linger();
  void UpdateDeadline();

  Http2Start start_;
  Stream stream_;
  ConnectionHost* const host_;
  OutputQueue out_;
  Http2Session session_;
  Phase phase_ = Phase::kServing;
  bool advancing_ = false;
  bool flush_at_turn_end_ = false;
  bool blocked_ = false;   // the socket takes no more output for now
  bool readable_ = true;   // the last read did not empty the socket
  bool finished_ = false;  // nothing more is to be read
  bool peer_closed_ = false;
  Pace sending_;
  std::int64_t going_away_since_ = 0;
  std::int64_t deadline_ = EventLoop::kNever;
};

}  // namespace plinth::net
