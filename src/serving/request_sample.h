// One request of a version that it answered, kept so that whatever is to replace the version can be
// warmed with it, and tried: zeros do not fit every model.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "tensor/tensor.h"

namespace plinth {

class RequestSample {
 public:
  using Inputs = std::vector<NamedTensor>;

  // Larger requests are not kept, nor more than this of all samples together.
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
  static constexpr std::size_t kMaxBytesOfAll = std::size_t{64} << 20;

  ~RequestSample() { Keep({}); }

  // Copies the inputs of a request that begins, if one is wanted, else gives nothing. Who gets a
  // copy must hand it to Keep() or to Drop().
  Inputs Copy(const Inputs& inputs);
  // The request was answered.
  void Keep(Inputs inputs);
  // It failed: another one is wanted.
  void Drop() { wanted_.store(true, std::memory_order_relaxed); }

  // What was kept; empty if nothing was. Shares the memory.
  Inputs Get() const;

 private:
  std::atomic<bool> wanted_{true};
  mutable std::mutex mutex_;  // guards what follows
  Inputs kept_;
  std::size_t bytes_ = 0;
};

}  // namespace plinth
