// What the functions that Python calls know of a model's running call.
#pragma once

#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <vector>

#include "common/calls.h"
#include "common/signature.h"
#include "plinth/backend.h"
#include "python/embedded/runtime.h"

namespace plinth::python {

// One for each model, which has one call at a time. A thread that the model has started may use it
// at any time, so Close() waits for those that are inside.
struct CallContext {
  std::shared_mutex mutex;  // shared by those inside; not to be waited for under the global lock
  const plinth_execute_request* request = nullptr;  // nullptr: no call runs
  const kit::Signature* signature = nullptr;
  Watch* watch = nullptr;

  // Guarded by the global lock:
  std::uint64_t call = 0;                // the number of the call that the program runs; 0: none
  std::vector<kit::CallAnswer> answers;  // of called models: their tensors live until the call ends

  void Open(const plinth_execute_request& opened, const kit::Signature& of, Watch& watched) {
    const std::unique_lock lock(mutex);
    request = &opened;
    signature = &of;
    watch = &watched;
  }
  void Close() {
    const std::unique_lock lock(mutex);
    request = nullptr;
  }
};

// As an object that Python hands back to the functions; under the global lock.
Ref CapsuleOf(std::shared_ptr<CallContext> context);

}  // namespace plinth::python
