#include "net/acceptor.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/log.h"

namespace plinth::net {
namespace {

// Connections accepted in one go, before those that are open get their turn.
constexpr int kAcceptsPerTurn = 64;
// How long accepting rests when the process has no descriptors left.
constexpr std::int64_t kAcceptPause = 100;  // ms

}  // namespace

Status Acceptor::Start() { return loop_->Add(listener_.get(), EPOLLIN, this); }

void Acceptor::OnEvents(std::uint32_t /*events*/) { Accept(kAcceptsPerTurn); }

void Acceptor::Finish() {
  Accept(SOMAXCONN);
  listener_.Reset();
}

std::int64_t Acceptor::Resume(std::int64_t now) {
  if (now < resume_at_) return resume_at_;
  resume_at_ = EventLoop::kNever;
  if (listener_.valid() && !Start()) resume_at_ = now + kAcceptPause;
  return resume_at_;
}

void Acceptor::Accept(int most) {
  for (int i = 0; i < most && listener_.valid(); ++i) {
    FileDescriptor socket(
        ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.valid()) {
      take_(std::move(socket));
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) return Pause();
    // Else that one connection failed before it was accepted.
  }
}

// Clients wait in the listening socket's queue meanwhile.
void Acceptor::Pause() {
  LogWarning("cannot accept connections for now: " + ErrorText(errno) +
             "; raise the limit on open files (ulimit -n)");
  loop_->Remove(listener_.get());
  resume_at_ = loop_->now() + kAcceptPause;
  loop_->WakeAt(resume_at_);
}

}  // namespace plinth::net
