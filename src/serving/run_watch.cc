#include "serving/run_watch.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace plinth {
namespace {
constexpr std::chrono::milliseconds kInterval{10};
}  // namespace

RunWatch::RunWatch(Alarm& alarm, std::span<const Job> jobs) {
  if (!std::ranges::all_of(jobs, [](const Job& job) { return bool{job.cancelled}; })) return;
  watched_ = std::make_shared<Watched>();
  for (const Job& job : jobs) watched_->gone.push_back(job.cancelled);
  LookLater(alarm, watched_);
}

RunWatch::~RunWatch() {
  if (watched_ == nullptr) return;
  std::vector<std::function<bool()>> released;  // goes without the lock
  const std::lock_guard lock(watched_->mutex);
  watched_->ended = true;
  released.swap(watched_->gone);
}

void RunWatch::LookLater(Alarm& alarm, std::shared_ptr<Watched> watched) {
  alarm.At(Clock::now() + kInterval, [&alarm, watched = std::move(watched)] {
    {
      const std::lock_guard lock(watched->mutex);
      if (watched->ended) return;
      if (std::ranges::all_of(watched->gone, [](const auto& gone) { return gone(); })) {
        return watched->cancellation.Cancel();
      }
    }
    LookLater(alarm, watched);
  });
}

}  // namespace plinth
