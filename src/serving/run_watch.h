// Stops a long execution when none of its clients waits for it any more.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>

#include "model/cancellation.h"
#include "serving/alarm.h"
#include "serving/job.h"

namespace plinth {

// Looks every few milliseconds, from construction to destruction, whether all of the jobs have been
// cancelled, and then cancels what cancellation() is given to.
class RunWatch {
 public:
  RunWatch(Alarm& alarm, std::span<const Job> jobs);
  ~RunWatch();
  RunWatch(const RunWatch&) = delete;
  RunWatch& operator=(const RunWatch&) = delete;

  // For the execution; nothing if some job cannot be cancelled.
  Cancellation* cancellation() { return watched_ == nullptr ? nullptr : &watched_->cancellation; }

 private:
  // Lives on in the alarm's call.
  struct Watched {
    Cancellation cancellation;
    std::mutex mutex;            // guards what follows
    std::function<bool()> gone;  // AllGone()
    bool ended = false;
  };

  static void LookLater(Alarm& alarm, std::shared_ptr<Watched> watched);

  std::shared_ptr<Watched> watched_;
};

}  // namespace plinth
