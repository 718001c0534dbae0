#include "serving/release/output_comparison.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth {
namespace {

using testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <typename T>
NamedTensor Of(std::string name, DType type, const Shape& shape, std::vector<T> values) {
  auto tensor = Tensor::Allocate(type, shape);
  EXPECT_TRUE(tensor);
  EXPECT_EQ(tensor->data().size(), values.size() * sizeof(T));
  std::ranges::copy(values, tensor->template mutable_values<T>().begin());
  return {std::move(name), *std::move(tensor)};
}

NamedTensor Floats(const Shape& shape, std::vector<double> values) {
  return Of<float>("y", DType::kFp32, shape, {values.begin(), values.end()});
}
NamedTensor Labels(std::vector<std::int64_t> values) {
  const auto rows = static_cast<std::int64_t>(values.size());
  return Of<std::int64_t>("label", DType::kInt64, {rows}, std::move(values));
}
NamedTensor Strings(std::vector<std::string> values) {
  return {"name", Tensor::OfStrings({static_cast<std::int64_t>(values.size())}, values)};
}

OutputComparison Compare(const NamedTensor& a, const NamedTensor& b) {
  return CompareOutputs(std::span(&a, 1), std::span(&b, 1));
}

TEST(OutputComparisonTest, EqualAnswersAgree) {
  const NamedTensor y = Floats({2, 3}, {1, 2, 3, 6, 5, 4});
  const OutputComparison same = Compare(y, y);
  EXPECT_TRUE(same.agrees());
  EXPECT_EQ(same.outcomes, 2u);
  EXPECT_EQ(same.agreeing, 2u);
  EXPECT_EQ(same.max_abs, 0);
  EXPECT_EQ(same.finite, 6u);
}

TEST(OutputComparisonTest, ScoresAgreeByTheirHighest) {
  const OutputComparison apart = Compare(Floats({3, 2}, {1, 2, 2, 1, 0.5, 0.5}),  //
                                         Floats({3, 2}, {0, 9, 1, 2, 0.5, 0.4}));
  EXPECT_FALSE(apart.agrees());
  EXPECT_EQ(apart.outcomes, 3u);
  EXPECT_EQ(apart.agreeing, 2u);
  EXPECT_EQ(apart.max_abs, 7);
}

TEST(OutputComparisonTest, SingleNumbersAgreeUpToAShareOfTheLarger) {
  const auto agree = [](double a, double b) {
    return Compare(Floats({1, 1}, {a}), Floats({1, 1}, {b})).agrees();
  };
  EXPECT_TRUE(agree(100, 100.9));
  EXPECT_FALSE(agree(100, 102));
  EXPECT_TRUE(agree(0, 0));
  EXPECT_FALSE(agree(0, 1e-6));
  EXPECT_FALSE(agree(-1, 1));
  EXPECT_TRUE(agree(kNan, kNan));
  EXPECT_TRUE(agree(kInfinity, kInfinity));
  EXPECT_FALSE(agree(kInfinity, -kInfinity));
  EXPECT_FALSE(agree(kInfinity, 1));
  EXPECT_FALSE(agree(kNan, 1));
}

TEST(OutputComparisonTest, ScalarsAndVectorsAreNumbersNotScores) {
  EXPECT_EQ(Compare(Floats({3}, {1, 2, 3}), Floats({3}, {1, 2, 9})).agreeing, 2u);
  EXPECT_EQ(Compare(Floats({}, {1}), Floats({}, {1})).outcomes, 1u);
}

TEST(OutputComparisonTest, LabelsDecideWhereThereAreAny) {
  const NamedTensor a = Floats({2, 2}, {0.6, 0.4, 0.1, 0.9});
  const NamedTensor b = Floats({2, 2}, {0.4, 0.6, 0.1, 0.9});
  const auto compare = [&](const NamedTensor& la, const NamedTensor& lb) {
    return CompareOutputs(std::vector{la, a}, std::vector{b, lb});
  };
  const OutputComparison same = compare(Labels({0, 1}), Labels({0, 1}));
  EXPECT_TRUE(same.agrees()) << "whatever the probabilities";
  EXPECT_EQ(same.outcomes, 2u);
  EXPECT_NEAR(same.max_abs, 0.2, 1e-6);
  EXPECT_NEAR(same.sum_abs, 0.4, 1e-6);
  const OutputComparison other = compare(Labels({0, 1}), Labels({0, 2}));
  EXPECT_FALSE(other.agrees());
  EXPECT_EQ(other.agreeing, 1u);
}

TEST(OutputComparisonTest, AllLabelsOfARowMustBeEqual) {
  const auto compare = [](const NamedTensor& other) {
    return CompareOutputs(std::vector{Labels({1, 2}), Strings({"cat", "dog"})},
                          std::vector{Labels({1, 2}), other});
  };
  EXPECT_TRUE(compare(Strings({"cat", "dog"})).agrees());
  EXPECT_EQ(compare(Strings({"cat", "dot"})).agreeing, 1u);
  EXPECT_EQ(compare(Strings({"ca", "tdog"})).agreeing, 0u);
}

TEST(OutputComparisonTest, LabelsOfDifferentRowsAreOneOutcome) {
  const auto compare = [](std::int64_t last) {
    const NamedTensor count = Of<std::int32_t>("count", DType::kInt32, {}, {7});
    return CompareOutputs(std::vector{Labels({1, 2, 3}), count},
                          std::vector{Labels({1, 2, last}), count});
  };
  EXPECT_EQ(compare(3).outcomes, 1u);
  EXPECT_TRUE(compare(3).agrees());
  EXPECT_FALSE(compare(4).agrees());
}

TEST(OutputComparisonTest, NoRowsAgree) {
  EXPECT_TRUE(Compare(Labels({}), Labels({})).agrees());
  EXPECT_TRUE(Compare(Floats({0, 2}, {}), Floats({0, 2}, {})).agrees());
  EXPECT_TRUE(CompareOutputs({}, {}).agrees());
}

TEST(OutputComparisonTest, WhatCannotBeComparedSaysWhy) {
  const NamedTensor y = Floats({1, 2}, {1, 2});
  const auto mismatch = [&](std::vector<NamedTensor> other) {
    const OutputComparison comparison = CompareOutputs(std::span(&y, 1), other);
    EXPECT_FALSE(comparison.agrees());
    EXPECT_EQ(comparison.outcomes, 0u);
    return comparison.mismatch;
  };
  EXPECT_EQ(mismatch({Floats({2, 1}, {1, 2})}), "output 'y' is FP32 [2,1] instead of FP32 [1,2]");
  EXPECT_THAT(mismatch({Of<double>("y", DType::kFp64, {1, 2}, {1, 2})}), HasSubstr("FP64"));
  EXPECT_EQ(mismatch({}), "output 'y' is missing");
  EXPECT_EQ(mismatch({y, Labels({1})}), "output 'label' is new");
}

TEST(OutputComparisonTest, WhatIsNoNumberIsInfinitelyFarFromOne) {
  const OutputComparison apart = Compare(Floats({4}, {kNan, kNan, 1, kInfinity}),  //
                                         Floats({4}, {kNan, 1, 3, kInfinity}));
  EXPECT_EQ(apart.max_abs, kInfinity);
  EXPECT_EQ(apart.sum_abs, 2);
  EXPECT_EQ(apart.finite, 3u);
  EXPECT_EQ(apart.agreeing, 2u);
}

TEST(OutputComparisonTest, HighestOfARowIsANumber) {
  EXPECT_TRUE(Compare(Floats({1, 3}, {kNan, 1, 2}), Floats({1, 3}, {0, 1, 2})).agrees());
  EXPECT_FALSE(Compare(Floats({1, 3}, {kNan, 1, 2}), Floats({1, 3}, {5, 1, 2})).agrees());
}

// More than a block, a length that no vector divides, and every float type.
TEST(OutputComparisonTest, LongOutputsOfAnyTypeAreLookedAtToTheEnd) {
  constexpr std::int64_t kCount = 5'003;
  const auto compare = [&]<typename T>(DType type, T one, T two) {
    std::vector<T> a(kCount, one);
    std::vector<T> b = a;
    b.front() = b[1'024] = b.back() = two;
    return Compare(Of("y", type, {kCount}, a), Of("y", type, {kCount}, b));
  };
  for (const OutputComparison& apart :
       {compare(DType::kFp32, 1.0F, 2.0F), compare(DType::kFp64, 1.0, 2.0),
        compare(DType::kFp16, FloatToFp16(1), FloatToFp16(2)),
        compare(DType::kBf16, FloatToBf16(1), FloatToBf16(2))}) {
    EXPECT_EQ(apart.max_abs, 1);
    EXPECT_EQ(apart.sum_abs, 3);
    EXPECT_EQ(apart.finite, static_cast<std::uint64_t>(kCount));
    EXPECT_EQ(apart.outcomes, static_cast<std::uint64_t>(kCount));
    EXPECT_EQ(apart.agreeing, static_cast<std::uint64_t>(kCount - 3));
  }
}

}  // namespace
}  // namespace plinth
