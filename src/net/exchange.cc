#include "net/exchange.h"

namespace plinth::net {

// Calls the owner, if there still is one: now if this is its thread and nothing given before is
// under way, else by the mailbox.
template <typename Call>
void Exchange::Deliver(Call call) {
  if (mailbox_->OnThisThread() && posted_.load(std::memory_order_acquire) == 0) {
    if (owner_ != nullptr) call(*owner_);
    return;
  }
  posted_.fetch_add(1, std::memory_order_relaxed);
  mailbox_->Post([self = shared_from_this(), call = std::move(call)]() mutable {
    self->posted_.fetch_sub(1, std::memory_order_release);
    if (self->owner_ != nullptr) call(*self->owner_);
  });
}

void Exchange::Send(HttpResponse response) {
  Deliver([response = std::move(response)](Owner& owner) mutable {
    owner.OnAnswer(std::move(response));
  });
}

void Exchange::Begin(HttpResponse head) {
  Deliver([head = std::move(head)](Owner& owner) mutable { owner.OnBegin(std::move(head)); });
}

void Exchange::Write(std::string piece) {
  if (overrun_.load(std::memory_order_relaxed)) return;
  if (unsent() > stream_memory_) {
    overrun_.store(true, std::memory_order_relaxed);
    Cancel();
    return Deliver([](Owner& owner) { owner.OnEnd(/*complete=*/false); });
  }
  const std::size_t size = piece.size();
  in_mail_.fetch_add(size, std::memory_order_relaxed);
  Deliver([this, size, piece = std::move(piece)](Owner& owner) mutable {
    in_mail_.fetch_sub(size, std::memory_order_relaxed);
    owner.OnPiece(std::move(piece));
  });
}

void Exchange::End(bool complete) {
  Deliver([complete](Owner& owner) { owner.OnEnd(complete); });
}

}  // namespace plinth::net
