// TLS for the connections of a server: what it presents itself with, and one client's session.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "net/output_queue.h"

struct ssl_st;
struct ssl_ctx_st;

namespace plinth::net {

// Where the server's identity is: files in PEM format.
struct TlsFiles {
  std::string certificate;  // the server's, and behind it those that lead to its root
  std::string key;          // without a passphrase
  std::string client_ca{};  // if not empty, a client must show a certificate that leads to one here
};

// One client's session over a non-blocking socket, which must outlive it. On one thread at a time.
class TlsSession {
 public:
  enum class Step {
    kDone,
    kWait,       // for the next event of the socket
    kPlainHttp,  // the client speaks HTTP without TLS
    kFailed,
  };

  explicit TlsSession(ssl_st* ssl) : ssl_(ssl) {}
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // Goes on with the handshake; not after it has failed.
  Step ShakeHands();
  bool established() const { return established_; }
  // Why it failed: "no shared cipher".
  const std::string& failure() const { return failure_; }
  // By ALPN, "" if nothing was agreed on.
  std::string_view protocol() const;

  // As recv(2), with less than all of `space` filled only if there is no more.
  ssize_t Read(std::span<std::byte> space);
  // As send(2), of the queue's first bytes.
  ssize_t Write(const OutputQueue& out);
  // Tells the client that this is the end, if that takes no waiting. Nothing may be written after.
  void SayGoodbye();

 private:
  ssize_t Outcome(int result);

  ssl_st* const ssl_;
  bool established_ = false;
  bool broken_ = false;  // nothing more may be done with ssl_
  std::string failure_;
};

// The server's side of all sessions. Thread-safe.
class TlsServer {
 public:
  // Reads the files. INVALID_ARGUMENT names the one that is missing or wrong.
  static Result<std::shared_ptr<TlsServer>> Create(TlsFiles files);

  // Reads the files again, for connections to come; those that are open stay as they are. On
  // failure nothing changes. May read from a disk: not on an I/O thread.
  Status Reload();

  // A session for a client that has connected; null if there is no memory for it.
  std::unique_ptr<TlsSession> Accept(int socket);

 private:
  using Context = std::shared_ptr<ssl_ctx_st>;

  TlsServer(TlsFiles files, Context context)
      : files_(std::move(files)), context_(std::move(context)) {}

  const TlsFiles files_;
  std::mutex mutex_;
  Context context_;  // guarded by mutex_
};

}  // namespace plinth::net
