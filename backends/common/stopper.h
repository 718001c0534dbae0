// How a running call hears that nobody wants its answer any more.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

#include "plinth/backend.h"

namespace plinth::kit {

// Whether the host may want the call to stop. An older host does not know of it.
inline bool MayBeStopped(const plinth_execute_request& request) {
  constexpr std::size_t kKnown =
      offsetof(plinth_execute_request, cancel_context) + sizeof(request.cancel_context);
  return request.struct_size >= kKnown && request.on_cancel != nullptr;
}

// While it lives, the host's wish to end the call calls `stop` once, on any thread, perhaps already
// in the constructor. `stop` must neither block nor throw. Does nothing where MayBeStopped() is
// false.
template <typename Stop>
class Stopper {
 public:
  Stopper(const plinth_execute_request& request, Stop stop)
      : request_(request), stop_(std::move(stop)) {
    if (MayBeStopped(request_)) request_.on_cancel(request_.cancel_context, Call, this);
  }
  Stopper(const Stopper&) = delete;
  Stopper& operator=(const Stopper&) = delete;
  ~Stopper() {
    if (MayBeStopped(request_)) request_.on_cancel(request_.cancel_context, nullptr, nullptr);
  }

  bool stopped() const { return stopped_.load(std::memory_order_acquire); }

 private:
  static void Call(void* self) {
    auto* stopper = static_cast<Stopper*>(self);
    stopper->stopped_.store(true, std::memory_order_release);
    stopper->stop_();
  }

  const plinth_execute_request& request_;
  Stop stop_;
  std::atomic<bool> stopped_{false};
};

}  // namespace plinth::kit
