// The way of one request's answer back to its connection, or to its stream of a connection. Shared
// by the owner and the Responder, whichever lives longer.
//
// Invariants:
// - The owner is called on the loop's thread only, in the order in which the answer was given,
// whichever threads gave it.
// - What is written and not yet taken by the client is bounded: the answer is cut off beyond.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "net/event_loop.h"
#include "net/http.h"

namespace plinth::net {

class Exchange final : public Responder::Sink, public std::enable_shared_from_this<Exchange> {
 public:
  // Who writes the answer. Called on the loop's thread: OnAnswer(), or OnBegin(), OnPiece() as
  // often as it takes and OnEnd(). Nothing more after OnAnswer() or OnEnd(), nor after Detach().
  class Owner {
   public:
    virtual void OnAnswer(HttpResponse response) = 0;
    virtual void OnBegin(HttpResponse head) = 0;
    virtual void OnPiece(std::string piece) = 0;
    virtual void OnEnd(bool complete) = 0;

   protected:
    ~Owner() = default;
  };

  // `stream_memory` as in HttpServerOptions.
  Exchange(Owner* owner, std::shared_ptr<Mailbox> mailbox, std::size_t stream_memory)
      : owner_(owner), mailbox_(std::move(mailbox)), stream_memory_(stream_memory) {}

  void Send(HttpResponse response) override;
  void Begin(HttpResponse head) override;
  void Write(std::string piece) override;
  void End(bool complete) override;
  std::size_t unsent() const override {
    return in_mail_.load(std::memory_order_relaxed) + queued_.load(std::memory_order_relaxed);
  }
  bool cancelled() const override { return cancelled_.load(std::memory_order_relaxed); }

  // The owner's part, on the loop's thread.
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  // From now on the owner is called no more.
  void Detach() { owner_ = nullptr; }
  // Says how many bytes of the pieces the owner has not been able to hand on.
  void SetQueued(std::size_t bytes) { queued_.store(bytes, std::memory_order_relaxed); }

 private:
  template <typename Call>
  void Deliver(Call call);

  Owner* owner_;  // only touched on the loop's thread
  const std::shared_ptr<Mailbox> mailbox_;
  const std::size_t stream_memory_;
  std::atomic<bool> cancelled_ = false;
  std::atomic<bool> overrun_ = false;
  std::atomic<unsigned> posted_ = 0;      // calls in the mailbox
  std::atomic<std::size_t> in_mail_ = 0;  // bytes of pieces in these
  std::atomic<std::size_t> queued_ = 0;   // bytes of pieces with the owner
};

}  // namespace plinth::net
