#include "onnxruntime/helper_parking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <thread>

#include "onnxruntime/ort_runtime.h"

namespace plinth::onnx {
namespace {

class HelperParkingTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    static const plinth_host host{sizeof(host), PLINTH_ABI_VERSION,
                                  [](plinth_log_level, const char* text) { FAIL() << text; },
                                  nullptr};
    // Once in a process, however often the tests are repeated.
    static const bool opened = OpenRuntime(&host).has_value();
    ASSERT_TRUE(opened);
  }

  // Waits until that many are parked; a test that does not get there runs into ctest's time limit.
  static void Await(int parked) {
    while (Parking().parked() != parked) std::this_thread::yield();
  }
};

TEST_F(HelperParkingTest, ParksAHelperForEachFurtherCallButNoMoreThanThereAre) {
  const auto helpers = static_cast<int>(Parking().helpers());
  std::list<HelperParking::Call> calls;
  for (int i = 0; i < helpers + 3; ++i) {
    calls.emplace_back(&Parking());
    Await(std::min(i, helpers));
  }
  // Ends change nothing; the next start does.
  while (calls.size() > 1) calls.pop_back();
  EXPECT_EQ(Parking().parked(), helpers);
  calls.clear();
  calls.emplace_back(&Parking());
  Await(0);
}

TEST_F(HelperParkingTest, ParksAgainAndAgain) {
  for (int i = 0; i < 200; ++i) {
    const HelperParking::Call first(&Parking());
    const HelperParking::Call second(&Parking());
    if (i % 2 == 0) continue;  // every other time without waiting for it
    Await(std::min<int>(1, static_cast<int>(Parking().helpers())));
  }
  const HelperParking::Call last(&Parking());
  Await(0);
}

}  // namespace
}  // namespace plinth::onnx
