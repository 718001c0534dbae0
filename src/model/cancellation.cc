#include "model/cancellation.h"

#include <utility>

namespace plinth {

void Cancellation::Cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_.store(true, std::memory_order_release);
  if (const Stop stop = std::exchange(stop_, nullptr)) stop(context_);
}

void Cancellation::Subscribe(Stop stop, void* context) {
  const std::lock_guard lock(mutex_);
  if (cancelled()) return stop(context);
  stop_ = stop;
  context_ = context;
}

void Cancellation::Unsubscribe() {
  const std::lock_guard lock(mutex_);
  stop_ = nullptr;
}

}  // namespace plinth
