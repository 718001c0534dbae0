#include "api/openinference/classification.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth::api::openinference {
namespace {

using testing::ElementsAre;

template <typename T>
Tensor Of(DType type, const Shape& shape, const std::vector<T>& values) {
  Tensor tensor = *Tensor::Allocate(type, shape);
  std::ranges::copy(values, tensor.mutable_values<T>().begin());
  return tensor;
}

std::vector<std::string> Strings(const Tensor& tensor) {
  std::vector<std::string> strings;
  for (std::int64_t i = 0; i < tensor.element_count(); ++i)
    strings.emplace_back(tensor.string_at(static_cast<std::size_t>(i)));
  return strings;
}

TEST(ClassificationTest, GivesTheBestOfEachRow) {
  const Tensor output = Of<float>(DType::kFp32, {2, 3}, {0.25F, 0.5F, 0.125F, 3, 1, 2});
  const auto best = Classify(output, 2, true);
  ASSERT_TRUE(best);
  EXPECT_EQ(best->shape(), (Shape{2, 2}));
  EXPECT_THAT(Strings(*best), ElementsAre("0.500000:1", "0.250000:0", "3.000000:0", "2.000000:2"));
}

TEST(ClassificationTest, GivesNoMoreThanThereAreAndTheLabelsThatThereAre) {
  const std::string labels[] = {"cat", "dog"};
  const auto best = Classify(Of<std::int32_t>(DType::kInt32, {3}, {-1, 7, 5}), 10, false, labels);
  ASSERT_TRUE(best);
  EXPECT_EQ(best->shape(), (Shape{3}));
  EXPECT_THAT(Strings(*best), ElementsAre("7:1:dog", "5:2", "-1:0:cat"));
}

TEST(ClassificationTest, PutsEqualOnesInOrderAndNanLast) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto best = Classify(Of<double>(DType::kFp64, {5}, {nan, 1, nan, 1, 2}), 5, false);
  ASSERT_TRUE(best);
  EXPECT_THAT(Strings(*best), ElementsAre("2.000000:4", "1.000000:1", "1.000000:3",
                                          testing::EndsWith("nan:0"), testing::EndsWith("nan:2")));
}

TEST(ClassificationTest, KnowsNoOrderOfStrings) {
  const std::string text[] = {"a"};
  EXPECT_EQ(Classify(Tensor::OfStrings({1}, text), 1, false).error().message,
            "class result not available for output due to unsupported type 'BYTES'");
}

TEST(ClassificationTest, TakesNoRows) {
  const auto best = Classify(Of<float>(DType::kFp32, {0, 3}, {}), 2, true);
  ASSERT_TRUE(best);
  EXPECT_EQ(best->element_count(), 0);
}

}  // namespace
}  // namespace plinth::api::openinference
