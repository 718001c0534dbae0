#include "base/natural_order.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace plinth {
namespace {

TEST(NaturalOrderTest, NumbersCompareByValue) {
  std::vector<std::string> versions = {"v10",
                                       "v2",
                                       "v1",
                                       "v1.10",
                                       "v1.9",
                                       "10",
                                       "9",
                                       "v99999999999999999999999",
                                       "v100000000000000000000000"};
  std::ranges::sort(versions, NaturalLess);
  EXPECT_EQ(versions,
            (std::vector<std::string>{"9", "10", "v1", "v1.9", "v1.10", "v2", "v10",
                                      "v99999999999999999999999", "v100000000000000000000000"}));
}

TEST(NaturalOrderTest, IsATotalOrder) {
  const std::vector<std::string> texts = {"",  "a",  "a0", "a00", "a01", "a1",
                                          "1", "01", "b",  "a1b", "a01b"};
  for (const auto& a : texts) {
    EXPECT_FALSE(NaturalLess(a, a));
    for (const auto& b : texts) {
      if (a != b) {
        EXPECT_NE(NaturalLess(a, b), NaturalLess(b, a)) << a << " " << b;
      }
    }
  }
}

}  // namespace
}  // namespace plinth
