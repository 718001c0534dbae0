#include "javascript/context_groups.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace plinth::javascript {
namespace {

class Maker {
 public:
  Maker() {
    std::thread([this] { Run(); }).detach();
  }

  JSContextGroupRef Make() {
    const std::lock_guard one_order(ordering_);
    std::unique_lock lock(mutex_);
    ordered_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return made_ != nullptr; });
    return std::exchange(made_, nullptr);
  }

 private:
  [[noreturn]] void Run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return ordered_; });
      ordered_ = false;
      made_ = JSContextGroupCreate();
      changed_.notify_all();
    }
  }

  std::mutex ordering_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  bool ordered_ = false;
  JSContextGroupRef made_ = nullptr;
};

}  // namespace

JSContextGroupRef MakeContextGroup() {
  static Maker& maker = *new Maker;  // outlives what is destroyed at the end of the process
  return maker.Make();
}

}  // namespace plinth::javascript
