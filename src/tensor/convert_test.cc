#include "tensor/convert.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth {
namespace {

using testing::ElementsAre;

template <typename T>
Tensor Of(DType type, std::vector<T> values) {
  auto tensor = Tensor::Allocate(type, {static_cast<std::int64_t>(values.size())});
  std::ranges::copy(values, tensor->mutable_values<T>().begin());
  return *tensor;
}

template <typename T>
std::vector<T> Converted(const Tensor& tensor, DType to) {
  const auto result = Convert(tensor, to);
  EXPECT_TRUE(result);
  const auto values = result->values<T>();
  return {values.begin(), values.end()};
}

TEST(Convert, FloatsToIntegersAreCutAndBounded) {
  const double inf = std::numeric_limits<double>::infinity();
  const Tensor values = Of<double>(DType::kFp64, {1.9, -1.9, 300, -300, NAN, inf, -inf});
  EXPECT_THAT(Converted<std::int8_t>(values, DType::kInt8),
              ElementsAre(1, -1, 127, -128, 0, 127, -128));
  EXPECT_THAT(Converted<std::uint8_t>(values, DType::kUint8), ElementsAre(1, 0, 255, 0, 0, 255, 0));
  const Tensor large = Of<float>(DType::kFp32, {9.3e18F, -9.3e18F, 1.8e19F, 1.9e19F});
  EXPECT_THAT(Converted<std::int64_t>(large, DType::kInt64),
              ElementsAre(INT64_MAX, INT64_MIN, INT64_MAX, INT64_MAX));
  EXPECT_THAT(Converted<std::uint64_t>(large, DType::kUint64),
              ElementsAre(9300000300729368576U, 0, 18000000404716257280U, UINT64_MAX));
}

TEST(Convert, IntegersAreBounded) {
  EXPECT_THAT(Converted<std::int32_t>(Of<std::int64_t>(DType::kInt64, {INT64_MAX, INT64_MIN, 5}),
                                      DType::kInt32),
              ElementsAre(INT32_MAX, INT32_MIN, 5));
  EXPECT_THAT(Converted<std::uint64_t>(Of<std::int64_t>(DType::kInt64, {-1, 5}), DType::kUint64),
              ElementsAre(0, 5));
}

TEST(Convert, ToBoolIsWhetherItIsNotZero) {
  EXPECT_THAT(Converted<std::uint8_t>(Of<float>(DType::kFp32, {0, -0.0F, 0.1F, NAN}), DType::kBool),
              ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(Converted<double>(Of<std::uint8_t>(DType::kBool, {0, 1}), DType::kFp64),
              ElementsAre(0, 1));
}

TEST(Convert, HalvesRoundToNearest) {
  EXPECT_THAT(Converted<std::uint16_t>(Of<float>(DType::kFp32, {1, 65520}), DType::kFp16),
              ElementsAre(0x3C00, 0x7C00));
  EXPECT_THAT(
      Converted<std::int32_t>(Of<std::uint16_t>(DType::kBf16, {0x3F80, 0x4000}), DType::kInt32),
      ElementsAre(1, 2));
}

TEST(Convert, TextIsRefused) {
  EXPECT_FALSE(Convert(Of<float>(DType::kFp32, {1}), DType::kBytes));
  EXPECT_FALSE(Convert(Tensor::OfStrings({1}, std::vector<std::string>{"1"}), DType::kFp32));
}

TEST(Convert, WhatLosesNothing) {
  EXPECT_TRUE(Widens(DType::kFp32, DType::kFp64));
  EXPECT_TRUE(Widens(DType::kInt32, DType::kFp64));
  EXPECT_TRUE(Widens(DType::kInt16, DType::kFp32));
  EXPECT_TRUE(Widens(DType::kUint8, DType::kInt16));
  EXPECT_TRUE(Widens(DType::kUint8, DType::kFp16));
  EXPECT_TRUE(Widens(DType::kBool, DType::kInt8));
  EXPECT_TRUE(Widens(DType::kBf16, DType::kFp32));
  EXPECT_FALSE(Widens(DType::kBf16, DType::kFp16));
  EXPECT_FALSE(Widens(DType::kInt8, DType::kUint64));
  EXPECT_FALSE(Widens(DType::kInt64, DType::kFp64));
  EXPECT_FALSE(Widens(DType::kInt32, DType::kFp32));
  EXPECT_FALSE(Widens(DType::kFp64, DType::kFp32));
  EXPECT_FALSE(Widens(DType::kUint8, DType::kInt8));
  EXPECT_FALSE(Widens(DType::kInt8, DType::kBool));
  EXPECT_FALSE(Widens(DType::kBytes, DType::kFp32));
}

}  // namespace
}  // namespace plinth
