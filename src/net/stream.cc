#include "net/stream.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>

namespace plinth::net {
namespace {

// How many pieces of memory one call writes.
constexpr std::size_t kPiecesPerWrite = 64;

template <typename Call>
ssize_t Repeatedly(Call call) {
  ssize_t result = 0;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

ssize_t WritePlain(int fd, const OutputQueue& out) {
  std::array<iovec, kPiecesPerWrite> parts;
  const std::size_t count = out.Gather(parts);
  if (count == 1) return ::send(fd, parts[0].iov_base, parts[0].iov_len, MSG_NOSIGNAL);
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}

}  // namespace

ssize_t Stream::Read(std::span<std::byte> space) {
  if (tls_ != nullptr) return tls_->Read(space);
  return Repeatedly([&] { return ::recv(socket_.get(), space.data(), space.size(), 0); });
}

ssize_t Stream::Write(OutputQueue& out) {
  const ssize_t written = tls_ != nullptr
                              ? tls_->Write(out)
                              : Repeatedly([&] { return WritePlain(socket_.get(), out); });
  if (written > 0) out.Consume(static_cast<std::size_t>(written));
  return written;
}

Stream::Left Stream::Discard(std::span<std::byte> scratch, int reads) {
  for (; reads > 0; --reads) {
    const ssize_t got =
        Repeatedly([&] { return ::recv(socket_.get(), scratch.data(), scratch.size(), 0); });
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Left::kNothing;
    if (got <= 0) return Left::kEnd;
  }
  return Left::kMore;
}

void Stream::FinishWriting() {
  if (tls_ != nullptr) tls_->SayGoodbye();
  ::shutdown(socket_.get(), SHUT_WR);
}

void Stream::Close() {
  if (tls_ != nullptr) tls_->SayGoodbye();
  tls_.reset();
  socket_.Reset();
}

}  // namespace plinth::net
