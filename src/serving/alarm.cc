#include "serving/alarm.h"

#include <utility>

namespace plinth {

Alarm::Alarm() : thread_([this] { Run(); }) {}

void Alarm::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  std::multimap<Time, Call> dropped;  // without the lock: a call may hold what sets another
  const std::lock_guard lock(mutex_);
  dropped.swap(calls_);
}

void Alarm::At(Time when, Call call) {
  bool earliest = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    earliest = calls_.empty() || when < calls_.begin()->first;
    calls_.emplace(when, std::move(call));
  }
  if (earliest) wake_.notify_one();
}

void Alarm::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (calls_.empty()) {
      wake_.wait(lock);
      continue;
    }
    const Time next = calls_.begin()->first;
    if (std::chrono::steady_clock::now() < next) {
      wake_.wait_until(lock, next);
      continue;
    }
    Call call = std::move(calls_.begin()->second);
    calls_.erase(calls_.begin());
    lock.unlock();
    call();
    call = nullptr;
    lock.lock();
  }
}

}  // namespace plinth
