// A connection's bytes, as a socket gives and takes them: plain, or through TLS.
//
// Invariants: the socket is non-blocking. A read that fills less than all of its space has emptied
// the socket, as has a write that leaves something filled it: what edge-triggered events rely on.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/file_descriptor.h"
#include "net/output_queue.h"
#include "net/tls.h"

namespace plinth::net {

class Stream {
 public:
  // Without a session: plain.
  explicit Stream(FileDescriptor socket, std::unique_ptr<TlsSession> tls = nullptr)
      : socket_(std::move(socket)), tls_(std::move(tls)) {}

  int fd() const { return socket_.get(); }
  bool encrypted() const { return tls_ != nullptr; }

  // Whether ShakeHands() is to be called, now and with every event, before anything is read or
  // written.
  bool shaking_hands() const { return tls_ != nullptr && !tls_->established(); }
  TlsSession::Step ShakeHands() { return tls_->ShakeHands(); }
  // What was agreed on by ALPN: "h2", "http/1.1", or "" if nothing was.
  std::string_view protocol() const { return tls_ == nullptr ? "" : tls_->protocol(); }
  // Why the handshake failed.
  std::string failure() const { return tls_->failure(); }
  // Goes on without encryption, to tell a client that has not begun with any.
  void BecomePlain() { tls_.reset(); }

  // As recv(2): the bytes read, 0 at the end, or -1 with errno, EAGAIN if an event is to be waited
  // for.
  ssize_t Read(std::span<std::byte> space);
  // As send(2), for as much of the queue as one call takes, which is consumed.
  ssize_t Write(OutputQueue& out);

  // Reads and drops what has come, encrypted or not, in at most `reads` calls into `scratch`, and
  // says what is left.
  enum class Left { kNothing, kMore, kEnd };
  Left Discard(std::span<std::byte> scratch, int reads);

  // Says that nothing more will be written.
  void FinishWriting();
  // Closes, in order where that takes no waiting.
  void Close();

 private:
  FileDescriptor socket_;
  std::unique_ptr<TlsSession> tls_;
};

}  // namespace plinth::net
