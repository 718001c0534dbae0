// Threads that run what may take long. The pool grows when all are busy, so that one slow model
// cannot keep another from starting, and shrinks when they idle. How much a model may take of it is
// bounded by its instances, not here.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace plinth {

class WorkerPool {
 public:
  using Task = std::move_only_function<void()>;

  // At most `max_threads` threads; tasks beyond that wait.
  explicit WorkerPool(std::size_t max_threads) : max_threads_(max_threads) {}
  // Runs what was posted, then joins all.
  ~WorkerPool();

  void Post(Task task);

 private:
  using Threads = std::list<std::thread>;

  void Work(Threads::iterator self);

  const std::size_t max_threads_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::deque<Task> tasks_;
  Threads threads_;
  Threads ended_;  // no longer running, or about to end without the mutex: to be joined
  std::size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace plinth
