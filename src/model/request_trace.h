// What the steps of one request took, for those who ask.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace plinth {

struct StepTiming {
  std::string step;     // "outer.inner" where steps have steps
  std::string model{};  // empty: none was asked
  std::string version{};
  bool cached = false;
  std::string error{};               // why it failed; empty: it did not
  std::chrono::nanoseconds start{};  // by the steady clock
  std::chrono::nanoseconds took{};
};

// Thread-safe.
class RequestTrace {
 public:
  static constexpr std::size_t kMaxSteps = 4'096;

  void Add(StepTiming step) {
    const std::lock_guard lock(mutex_);
    if (steps_.size() < kMaxSteps) steps_.push_back(std::move(step));
  }

  // In the order in which they ended, and no more than kMaxSteps.
  std::vector<StepTiming> Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(steps_, {});
  }

 private:
  std::mutex mutex_;  // guards what follows
  std::vector<StepTiming> steps_;
};

}  // namespace plinth
