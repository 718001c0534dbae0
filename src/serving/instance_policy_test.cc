#include "serving/instance_policy.h"

#include <gtest/gtest.h>

namespace plinth {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr InstanceLimits kLimits{1, 4};

TEST(InstancePolicyTest, GrowsByOneWhenAllAreUsedAndRequestsWait) {
  EXPECT_EQ(ChooseInstances(kLimits, {2, 2, milliseconds(20), milliseconds(10), seconds(1)}), 3);
  EXPECT_EQ(ChooseInstances(kLimits, {4, 4, milliseconds(20), milliseconds(10), seconds(1)}), 4);
}

TEST(InstancePolicyTest, ShortWaitsAreNoReason) {
  EXPECT_EQ(ChooseInstances(kLimits, {2, 2, milliseconds(4), milliseconds(10), seconds(1)}), 2);
  EXPECT_EQ(ChooseInstances(kLimits, {2, 2, milliseconds(1), milliseconds(0), seconds(1)}), 2);
}

TEST(InstancePolicyTest, WaitsToSeeWhatTheLastOneDid) {
  EXPECT_EQ(ChooseInstances(kLimits, {2, 2, milliseconds(20), milliseconds(10), milliseconds(50)}),
            2);
}

TEST(InstancePolicyTest, ShrinksToWhatWasUsed) {
  EXPECT_EQ(ChooseInstances(kLimits, {4, 2, milliseconds(0), milliseconds(10), seconds(10)}), 2);
  EXPECT_EQ(ChooseInstances(kLimits, {4, 0, milliseconds(0), milliseconds(10), seconds(10)}), 1);
  EXPECT_EQ(ChooseInstances(kLimits, {4, 2, milliseconds(0), milliseconds(10), seconds(9)}), 4);
}

TEST(InstancePolicyTest, StaysWithinTheLimits) {
  EXPECT_EQ(ChooseInstances({3, 3}, {1, 1, milliseconds(20), milliseconds(10), seconds(1)}), 3);
}

}  // namespace
}  // namespace plinth
