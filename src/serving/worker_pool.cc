#include "serving/worker_pool.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

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
  // Each thread moves itself to ended_ when it is done.
  while (!threads_.empty() || !ended_.empty()) {
    Threads& from = ended_.empty() ? threads_ : ended_;
    std::thread thread = std::move(from.front());
    lock.unlock();
    thread.join();
    lock.lock();
    ended_.remove_if([](const std::thread& t) { return !t.joinable(); });
  }
}

void WorkerPool::Post(Task task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  if (tasks_.size() <= idle_) {
    wake_.notify_one();
    return;
  }
  for (std::thread& thread : ended_) {
    if (thread.joinable()) thread.join();  // else the destructor has it, and joins it
  }
  ended_.clear();
  if (threads_.size() >= max_threads_) return;
  const auto self = threads_.emplace(threads_.end());
  try {
    *self = std::thread([this, self] { Work(self); });
  } catch (const std::system_error& error) {
    threads_.erase(self);
    // The task stays queued for the threads that there are.
    LogError(std::string("cannot start a worker thread: ") + error.what());
  }
}

void WorkerPool::Work(Threads::iterator self) {
  ::pthread_setname_np(::pthread_self(), name_.c_str());
  // Linux keeps this for each thread. If it is refused nothing is lost but the good manners.
  if (niceness_ != 0) ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness_);
  std::unique_lock lock(mutex_);
  for (;;) {
    if (tasks_.empty()) {
      if (stopping_) break;
      ++idle_;
      const bool called =
          wake_.wait_for(lock, kIdleLife, [this] { return stopping_ || !tasks_.empty(); });
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
  ended_.splice(ended_.end(), threads_, self);
}

}  // namespace plinth
