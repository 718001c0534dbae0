// Work that takes long and must not keep waiting those who answer requests.
#pragma once

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <future>
#include <utility>

namespace plinth {

// How far the threads step back that run long executions and loads, as nice(1).
inline constexpr int kStepBack = 5;

// Runs `work` on a thread of its own that steps back, waits for it and returns what it returns. A
// thread of its own, because one that has stepped back may not step forward again, and what it
// starts stays back with it: so an engine is opened, with the threads that it keeps, before this is
// called.
template <typename Work>
auto SteppedBack(Work&& work) {
  return std::async(std::launch::async,
                    [&work] {
                      ::pthread_setname_np(::pthread_self(), "plinth-load");
                      // Linux keeps it for each thread. If it is refused only manners are lost.
                      ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kStepBack);
                      return std::forward<Work>(work)();
                    })
      .get();
}

}  // namespace plinth
