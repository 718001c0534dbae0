#include "serving/step_back.h"

#include <stdexcept>

#include <gtest/gtest.h>

namespace plinth {
namespace {

int Niceness() { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())); }

TEST(SteppedBackTest, RunsBehindAndLeavesTheCallerWhereItWas) {
  const int before = Niceness();
  EXPECT_EQ(SteppedBack([] { return Niceness(); }), kStepBack);
  EXPECT_EQ(Niceness(), before);
}

TEST(SteppedBackTest, PassesOnWhatIsThrown) {
  EXPECT_THROW(SteppedBack([]() -> int { throw std::runtime_error("no"); }), std::runtime_error);
}

}  // namespace
}  // namespace plinth
