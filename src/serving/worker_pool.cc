#include "serving/worker_pool.h"

#include <chrono>
#include <system_error>
#include <utility>

#include "base/log.h"

namespace plinth {
namespace {
constexpr std::chrono::seconds kIdleLife{10};
}  // namespace

WorkerPool::~WorkerPool() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  wake_.notify_all();
  gone_.wait(lock, [this] { return threads_ == 0; });
}

void WorkerPool::Post(Task task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  if (tasks_.size() <= idle_) {
    wake_.notify_one();
    return;
  }
  if (threads_ >= max_threads_) return;
  try {
    // Detached, but counted: the destructor waits until the count is zero.
    std::thread([this] { Work(); }).detach();
    ++threads_;
  } catch (const std::system_error& error) {
    // The task stays queued for the threads that there are.
    LogError(std::string("cannot start a worker thread: ") + error.what());
  }
}

void WorkerPool::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (tasks_.empty()) {
      if (stopping_) break;
      ++idle_;
      const bool called = wake_.wait_for(lock, kIdleLife, [this] { return stopping_ || !tasks_.empty(); });
      --idle_;
      if (!called) break;
      continue;
    }
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    task = nullptr;  // what it holds may take long to free: not under the lock
    lock.lock();
  }
  --threads_;
  // Under the lock, so that the pool cannot be gone before the notification is.
  std::notify_all_at_thread_exit(gone_, std::move(lock));
}

}  // namespace plinth
