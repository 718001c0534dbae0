// One JavaScriptCore virtual machine with one global object, whose scripts can be ended.
#pragma once

#include <JavaScriptCore/JavaScript.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "common/failure.h"

namespace plinth::javascript {

// Nanoseconds of CLOCK_MONOTONIC, by which deadlines are given.
std::int64_t Now();

// Settings of the library as a whole; before the first Engine.
void ConfigureRuntime();

// One thread at a time uses it, any thread. Release() alone may be called from all at once.
//
// The library offers no way to end a script from outside. But it asks, on the script's own thread
// and every few milliseconds that the script computes, whether to go on: that is where the limits
// are looked at.
class Engine {
 public:
  explicit Engine(std::size_t memory_limit);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  JSGlobalContextRef context() const { return context_; }

  // The value of a script; `name` and the line count from 1 in its errors. On an error gives
  // nullptr and sets `exception`, to null if the script was ended.
  JSValueRef Evaluate(JSStringRef source, std::string_view name, JSValueRef* exception);
  // `self` is nullptr or what the function sees as `this`.
  JSValueRef Call(JSValueRef function, JSObjectRef self,
                  std::initializer_list<JSValueRef> arguments, JSValueRef* exception);

  // Bounds of what runs from here on. 0: no deadline.
  void SetDeadline(std::int64_t deadline_ns);
  // Any thread: what runs ends soon.
  void Stop() { stopped_.store(true, std::memory_order_release); }
  std::int64_t deadline() const { return deadline_ns_; }

  // Whether the deadline has passed or somebody has called Stop(), or what ran was ended since
  // SetDeadline().
  bool Look();
  // The same, and whether the heap has grown too large. What runs is ended if it goes on.
  bool Check();
  bool ended() const { return ended_ != PLINTH_OK; }
  // Why.
  kit::Failure EndedFailure() const;

  // Whether the heap, after a collection of garbage, is larger than the model may have. Looks only
  // now and then, because looking takes long.
  bool OutgrewMemory();
  void CollectGarbage();
  std::size_t HeapBytes() const;

  // Gives a protected value back, at once or when the engine is used next: it may be in use by
  // another thread.
  void Release(JSValueRef value);
  void ReleasePending();

 private:
  static bool Tick(JSContextRef context, void* self);
  // Whether the heap holds more than it may; false if it was measured just now. One part of the
  // time in `share` goes into measuring.
  bool IsTooLarge(std::int64_t share);

  const std::size_t memory_limit_;
  JSContextGroupRef group_;
  JSGlobalContextRef context_;

  std::int64_t deadline_ns_ = 0;
  std::atomic<bool> stopped_{false};
  plinth_status ended_ = PLINTH_OK;
  std::int64_t next_measure_ns_ = 0;

  std::mutex mutex_;
  std::vector<JSValueRef> released_;  // guarded by mutex_
};

}  // namespace plinth::javascript
