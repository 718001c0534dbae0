#include "serving/run_watch.h"

#include <chrono>
#include <utility>

namespace plinth {
namespace {
constexpr std::chrono::milliseconds kInterval{10};
}  // namespace

RunWatch::RunWatch(Alarm& alarm, std::span<const Job> jobs) {
  auto gone = AllGone(jobs);
  if (!gone) return;
  watched_ = std::make_shared<Watched>();
  watched_->gone = std::move(gone);
  LookLater(alarm, watched_);
}

RunWatch::~RunWatch() {
  if (watched_ == nullptr) return;
  std::function<bool()> released;  // goes without the lock
  const std::lock_guard lock(watched_->mutex);
  watched_->ended = true;
  released.swap(watched_->gone);
}

void RunWatch::LookLater(Alarm& alarm, std::shared_ptr<Watched> watched) {
  alarm.At(Clock::now() + kInterval, [&alarm, watched = std::move(watched)] {
    {
      const std::lock_guard lock(watched->mutex);
      if (watched->ended) return;
      if (watched->gone()) return watched->cancellation.Cancel();
    }
    LookLater(alarm, watched);
  });
}

}  // namespace plinth
