#include "net/tls.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file_descriptor.h"

namespace plinth::net {
namespace {

// The most that one record holds.
constexpr std::size_t kRecord = 16UZ * 1024;

// What clients may choose from by ALPN, the best first, in the form of the extension.
constexpr unsigned char kProtocols[] = "\x02h2\x08http/1.1";
constexpr unsigned kProtocolsSize = sizeof kProtocols - 1;

// Only suites with authenticated encryption and forward secrecy, as HTTP/2 demands; those of
// TLS 1.3 are all of that kind.
constexpr const char* kTls12Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

// The first of what OpenSSL has to say, which is the cause; it then forgets all.
std::string TakeReason() {
  const unsigned long code = ::ERR_peek_error();
  ::ERR_clear_error();
  if (code == 0) return "unknown error";
  if (ERR_SYSTEM_ERROR(code)) return ErrorText(ERR_GET_REASON(code));
  const char* const reason = ::ERR_reason_error_string(code);
  return reason == nullptr ? "error " + std::to_string(code) : reason;
}

std::unexpected<Error> FileFailure(const char* what, const std::string& file) {
  return Fail(Code::kInvalidArgument, std::string("cannot use the ") + what + " in '" + file +
                                          "': " + TakeReason() + "; expected a readable PEM file");
}

int SelectProtocol(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* size,
                   const unsigned char* offered, unsigned offered_size, void* /*context*/) {
  unsigned char* found = nullptr;
  if (::SSL_select_next_proto(&found, size, kProtocols, kProtocolsSize, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;  // RFC 7301, 3.2
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

// An encrypted key must not make the server ask for its passphrase on a terminal.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return -1; }

Status DemandClientCertificates(SSL_CTX* context, const std::string& file) {
  STACK_OF(X509_NAME)* const names = ::SSL_load_client_CA_file(file.c_str());
  if (names == nullptr) return FileFailure("certificates of client authorities", file);
  ::SSL_CTX_set_client_CA_list(context, names);  // takes the names over
  if (::SSL_CTX_load_verify_file(context, file.c_str()) != 1)
    return FileFailure("certificates of client authorities", file);
  ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  // Sessions with verified clients are resumed only within the context that has verified them.
  constexpr unsigned char kSessions[] = "plinth";
  ::SSL_CTX_set_session_id_context(context, kSessions, sizeof kSessions - 1);
  return {};
}

void SetPolicy(SSL_CTX* context) {
  ::SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  ::SSL_CTX_set_cipher_list(context, kTls12Ciphers);
  ::SSL_CTX_set_alpn_select_cb(context, SelectProtocol, nullptr);
  ::SSL_CTX_set_default_passwd_cb(context, NoPassphrase);
  // Many clients close without a farewell, and a request's end shows in its framing.
  ::SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Partial and moving: what is written is what the queue holds at the time. Released buffers: an
  // idle connection does without 34 KB.
  ::SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
  ::SSL_CTX_set_read_ahead(context, 1);  // one read for a record's head and its body
}

Result<std::shared_ptr<SSL_CTX>> MakeContext(const TlsFiles& files) {
  ::ERR_clear_error();
  std::shared_ptr<SSL_CTX> context(::SSL_CTX_new(::TLS_server_method()), ::SSL_CTX_free);
  if (context == nullptr) return Fail(Code::kInternal, "cannot set up TLS: " + TakeReason());
  SetPolicy(context.get());
  if (::SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1)
    return FileFailure("certificate", files.certificate);
  if (::SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return FileFailure("private key", files.key);
  if (!files.client_ca.empty()) {
    if (Status demanded = DemandClientCertificates(context.get(), files.client_ca); !demanded)
      return Fail(std::move(demanded).error());
  }
  return context;
}

}  // namespace

TlsSession::~TlsSession() { ::SSL_free(ssl_); }

TlsSession::Step TlsSession::ShakeHands() {
  ::ERR_clear_error();
  const int result = ::SSL_do_handshake(ssl_);
  if (result == 1) {
    established_ = true;
    return Step::kDone;
  }
  switch (::SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return Step::kWait;
    default:
      break;
  }
  broken_ = true;
  const unsigned long code = ::ERR_peek_error();
  const bool plain = ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST;
  failure_ = code == 0 ? "the client has closed the connection" : TakeReason();
  ::ERR_clear_error();
  return plain ? Step::kPlainHttp : Step::kFailed;
}

std::string_view TlsSession::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  ::SSL_get0_alpn_selected(ssl_, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

ssize_t TlsSession::Read(std::span<std::byte> space) {
  std::size_t filled = 0;
  while (filled < space.size()) {
    ::ERR_clear_error();
    std::size_t got = 0;
    const int result = ::SSL_read_ex(ssl_, space.data() + filled, space.size() - filled, &got);
    if (result != 1) {
      const ssize_t outcome = Outcome(result);
      return filled > 0 ? static_cast<ssize_t>(filled) : outcome;
    }
    filled += got;
  }
  return static_cast<ssize_t>(filled);
}

ssize_t TlsSession::Write(const OutputQueue& out) {
  // A record for each small piece would be dear, so small ones are put together. What OpenSSL has
  // not been able to send is offered again, which it insists on: the queue's first bytes stay until
  // they are consumed.
  std::array<iovec, 16> parts;
  const std::size_t count = out.Gather(parts);
  std::array<char, kRecord> joined;
  const void* data = parts[0].iov_base;
  std::size_t size = parts[0].iov_len;
  if (count > 1 && size < kRecord) {
    size = 0;
    for (std::size_t i = 0; i < count && size < kRecord; ++i) {
      const std::size_t take = std::min(parts[i].iov_len, kRecord - size);
      std::memcpy(joined.data() + size, parts[i].iov_base, take);
      size += take;
    }
    data = joined.data();
  }
  ::ERR_clear_error();
  std::size_t written = 0;
  const int result = ::SSL_write_ex(ssl_, data, size, &written);
  if (result == 1) return static_cast<ssize_t>(written);
  if (Outcome(result) == 0) errno = EPIPE;
  return -1;
}

void TlsSession::SayGoodbye() {
  if (!established_ || std::exchange(broken_, true)) return;
  ::ERR_clear_error();
  ::SSL_shutdown(ssl_);
  ::ERR_clear_error();
}

// What a call has come to that has not succeeded, as system calls put it.
ssize_t TlsSession::Outcome(int result) {
  switch (::SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      errno = EAGAIN;
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    default:
      broken_ = true;
      ::ERR_clear_error();
      errno = EPROTO;
      return -1;
  }
}

Result<std::shared_ptr<TlsServer>> TlsServer::Create(TlsFiles files) {
  auto context = MakeContext(files);
  if (!context) return Fail(std::move(context).error());
  return std::shared_ptr<TlsServer>(new TlsServer(std::move(files), *std::move(context)));
}

Status TlsServer::Reload() {
  auto context = MakeContext(files_);
  if (!context) return Fail(std::move(context).error());
  const std::lock_guard lock(mutex_);
  context_ = *std::move(context);
  return {};
}

std::unique_ptr<TlsSession> TlsServer::Accept(int socket) {
  ::ERR_clear_error();
  Context context;
  {
    const std::lock_guard lock(mutex_);
    context = context_;
  }
  SSL* const ssl = ::SSL_new(context.get());  // takes a share in it
  if (ssl == nullptr) return nullptr;
  auto session = std::make_unique<TlsSession>(ssl);
  if (::SSL_set_fd(ssl, socket) != 1) return nullptr;
  ::SSL_set_accept_state(ssl);
  return session;
}

}  // namespace plinth::net
