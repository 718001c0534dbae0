#include "serving/alarm.h"

#include <utility>

namespace plinth {

Alarm::Alarm() : thread_([this] { Run(); }) {}

Alarm::~Alarm() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Alarm::At(Time when, Call call) {
  bool earliest = false;
  {
    const std::lock_guard lock(mutex_);
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
