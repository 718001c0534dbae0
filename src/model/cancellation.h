// The wish that a call should stop: made by whoever no longer needs its answer, heard by what runs
// it.
//
//   Cancellation cancellation;                        // lives at least as long as the call
//   version.Execute(inputs, wanted, {.cancellation = &cancellation});    // on a worker
//   cancellation.Cancel();                            // elsewhere, at any time
//
// Invariants:
// - cancelled() never becomes false again.
// - A subscribed stop function is called at most once, and never after Unsubscribe() has returned:
//   it runs under the mutex, which Unsubscribe() takes.
#pragma once

#include <atomic>
#include <mutex>

namespace plinth {

class Cancellation {
 public:
  // Ends what runs soon: sets a flag, say. Called on the thread that cancels; must not block, throw
  // or use this Cancellation.
  using Stop = void (*)(void* context);

  Cancellation() = default;
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  // Any thread, any number of times.
  void Cancel();

  bool cancelled() const { return cancelled_.load(std::memory_order_acquire); }

  // Has Cancel() call `stop`; calls it at once if that has happened already. For one subscriber at
  // a time: the running call.
  void Subscribe(Stop stop, void* context);

  // From here on nothing is called. Does nothing if nobody has subscribed.
  void Unsubscribe();

 private:
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;  // guards what follows, and is held while stop_ runs
  Stop stop_ = nullptr;
  void* context_ = nullptr;
};

}  // namespace plinth
