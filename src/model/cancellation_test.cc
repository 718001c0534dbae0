#include "model/cancellation.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace plinth {
namespace {

void Count(void* context) { ++*static_cast<int*>(context); }

TEST(CancellationTest, StopsTheSubscriberOnce) {
  Cancellation cancellation;
  int stops = 0;
  cancellation.Subscribe(Count, &stops);
  EXPECT_FALSE(cancellation.cancelled());
  cancellation.Cancel();
  cancellation.Cancel();
  EXPECT_TRUE(cancellation.cancelled());
  EXPECT_EQ(stops, 1);
}

TEST(CancellationTest, StopsAtOnceWhoSubscribesLate) {
  Cancellation cancellation;
  cancellation.Cancel();
  int stops = 0;
  cancellation.Subscribe(Count, &stops);
  EXPECT_EQ(stops, 1);
  cancellation.Unsubscribe();
  cancellation.Cancel();
  EXPECT_EQ(stops, 1);
}

TEST(CancellationTest, ForgetsWhoHasUnsubscribed) {
  Cancellation cancellation;
  cancellation.Unsubscribe();
  int first = 0;
  int second = 0;
  cancellation.Subscribe(Count, &first);
  cancellation.Unsubscribe();
  cancellation.Subscribe(Count, &second);
  cancellation.Cancel();
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 1);
}

// What the stop function uses is freed right after Unsubscribe(): a sanitizer sees a late call.
TEST(CancellationTest, NeverStopsWhatIsGone) {
  for (int round = 0; round < 500; ++round) {
    Cancellation cancellation;
    std::vector<std::jthread> cancellers;
    cancellers.reserve(2);
    for (int i = 0; i < 2; ++i) cancellers.emplace_back([&] { cancellation.Cancel(); });
    auto stops = std::make_unique<int>(0);
    cancellation.Subscribe(Count, stops.get());
    cancellation.Unsubscribe();
    EXPECT_LE(*stops, 1);
    stops.reset();
  }
}

}  // namespace
}  // namespace plinth
