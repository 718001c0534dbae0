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
#include <string>
#include <thread>
#include <utility>

namespace plinth {

class WorkerPool {
 public:
  using Task = std::move_only_function<void()>;

  // At most `max_threads` threads, called `name` (15 characters at most) in what the system shows;
  // tasks beyond that wait. `niceness` is how far they step back from other threads, as nice(1).
  WorkerPool(std::string name, std::size_t max_threads, int niceness = 0)
      : name_(std::move(name)), max_threads_(max_threads), niceness_(niceness) {}
  // Runs what was posted, then joins all.
  ~WorkerPool();

  void Post(Task task);

 private:
  using Threads = std::list<std::thread>;

  void Work(Threads::iterator self);

  const std::string name_;
  const std::size_t max_threads_;
  const int niceness_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::deque<Task> tasks_;
  Threads threads_;
  Threads ended_;  // no longer running, or about to end without the mutex: to be joined
  std::size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace plinth
