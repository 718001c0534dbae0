#include "serving/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>

namespace plinth {
namespace {

// As requests that are in flight when the server ends: their tasks go on in further ones.
TEST(WorkerPoolTest, TasksMayPostWhileItEnds) {
  constexpr int kChains = 8;
  constexpr int kLength = 50;
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> ran = 0;
    {
      std::function<void(int)> go_on;  // outlives the pool
      WorkerPool pool("test", 4);
      go_on = [&](int left) {
        ++ran;
        if (left > 1) pool.Post([&go_on, left] { go_on(left - 1); });
      };
      for (int i = 0; i < kChains; ++i) pool.Post([&go_on] { go_on(kLength); });
    }
    ASSERT_EQ(ran, kChains * kLength);
  }
}

}  // namespace
}  // namespace plinth
