#include "serving/input_fit.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serving/input_check.h"

namespace plinth {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TensorSpec Fitting(std::string name, DType type, const Shape& shape) {
  TensorSpec spec{.name = std::move(name), .dtype = type, .shape = shape, .batch_axis = 0};
  spec.fitted = true;
  return spec;
}

// X [-1, 2], whose columns are called age and income.
Signature Matrix() {
  Signature signature;
  signature.inputs = {Fitting("X", DType::kFp64, Shape{-1, 2})};
  signature.columns = {Fitting("age", DType::kFp64, Shape{-1}),
                       Fitting("income", DType::kFp64, Shape{-1})};
  return signature;
}

template <typename T>
Tensor Of(DType type, const Shape& shape, const std::vector<T>& values) {
  Tensor tensor = *Tensor::Allocate(type, shape);
  std::ranges::copy(values, tensor.mutable_values<T>().begin());
  return tensor;
}

template <typename T>
std::vector<double> AsDoubles(DType type, const std::vector<T>& values) {
  const Shape shape{static_cast<std::int64_t>(values.size())};
  const Tensor fitted = Fitted(Fitting("x", DType::kFp64, Shape{-1}), Of(type, shape, values));
  EXPECT_EQ(fitted.dtype(), DType::kFp64);
  const auto doubles = fitted.values<double>();
  return {doubles.begin(), doubles.end()};
}

std::string Refusal(std::vector<NamedTensor> inputs) {
  const auto rows = CheckInputs(Matrix(), inputs);
  return rows ? "accepted" : rows.error().message;
}

TEST(InputFitTest, NumbersOfAnyTypeBecomeDoubles) {
  EXPECT_THAT(AsDoubles<std::uint8_t>(DType::kBool, {0, 1}), ElementsAre(0, 1));
  EXPECT_THAT(AsDoubles<std::int8_t>(DType::kInt8, {-128, 127}), ElementsAre(-128, 127));
  EXPECT_THAT(AsDoubles<std::uint8_t>(DType::kUint8, {255}), ElementsAre(255));
  EXPECT_THAT(AsDoubles<std::int16_t>(DType::kInt16, {-32768}), ElementsAre(-32768));
  EXPECT_THAT(AsDoubles<std::uint16_t>(DType::kUint16, {65535}), ElementsAre(65535));
  EXPECT_THAT(AsDoubles<std::int32_t>(DType::kInt32, {-2147483647}), ElementsAre(-2147483647));
  EXPECT_THAT(AsDoubles<std::uint32_t>(DType::kUint32, {4294967295}), ElementsAre(4294967295));
  EXPECT_THAT(AsDoubles<std::int64_t>(DType::kInt64, {1LL << 53}), ElementsAre(0x1p53));
  EXPECT_THAT(AsDoubles<std::uint64_t>(DType::kUint64, {1ULL << 63}), ElementsAre(0x1p63));
  EXPECT_THAT(AsDoubles<std::uint16_t>(DType::kFp16, {0x3E00}), ElementsAre(1.5));
  EXPECT_THAT(AsDoubles<std::uint16_t>(DType::kBf16, {0xC020}), ElementsAre(-2.5));
  EXPECT_THAT(AsDoubles<float>(DType::kFp32, {0.1F}), ElementsAre(double{0.1F}));
}

TEST(InputFitTest, OnesAtTheEndComeAndGo) {
  const Tensor column = Of<double>(DType::kFp64, {3, 1}, {1, 2, 3});
  EXPECT_EQ(Fitted(Fitting("x", DType::kFp64, Shape{-1}), column).shape(), (Shape{3}));
  const Tensor flat = Of<double>(DType::kFp64, {3}, {1, 2, 3});
  EXPECT_EQ(Fitted(Fitting("x", DType::kFp64, Shape{-1, 1}), flat).shape(), (Shape{3, 1}));
  EXPECT_EQ(Fitted(Fitting("x", DType::kFp64, Shape{-1, 3}), flat).shape(), (Shape{3}));
  EXPECT_FALSE(FitsButForOnes(Fitting("x", DType::kFp64, Shape{-1}), Shape{1, 3}));
  EXPECT_FALSE(FitsButForOnes(Fitting("x", DType::kFp64, Shape{-1, 1}), Shape{}));
}

TEST(InputFitTest, OtherInputsStayAsTheyAre) {
  TensorSpec strict = Fitting("x", DType::kFp64, Shape{-1});
  strict.fitted = false;
  EXPECT_EQ(Fitted(strict, Of<float>(DType::kFp32, {1, 1}, {1})).dtype(), DType::kFp32);
  const TensorSpec ints = Fitting("x", DType::kInt64, Shape{-1});
  EXPECT_EQ(Fitted(ints, Of<double>(DType::kFp64, {1}, {1.5})).dtype(), DType::kFp64);
  const std::vector<std::string> words = {"a"};
  const Tensor text = Tensor::OfStrings(Shape{1}, words);
  EXPECT_EQ(Fitted(Fitting("x", DType::kFp64, Shape{-1}), text).dtype(), DType::kBytes);
}

TEST(InputFitTest, ColumnsArePutTogether) {
  std::vector<NamedTensor> inputs = {
      {"income", Of<double>(DType::kFp64, {2, 1}, {100, 200})},
      {"age", Of<std::int32_t>(DType::kInt32, {2}, {41, 17})},
  };
  EXPECT_EQ(CheckInputs(Matrix(), inputs).value(), 2);
  ASSERT_EQ(inputs.size(), 1U);
  EXPECT_EQ(inputs[0].name, "X");
  EXPECT_EQ(inputs[0].tensor.shape(), (Shape{2, 2}));
  EXPECT_THAT(inputs[0].tensor.values<double>(), ElementsAre(41, 100, 17, 200));
}

TEST(InputFitTest, ColumnsThatNothingLooksAtAreAnything) {
  Signature signature = Matrix();
  signature.columns[1].dtype = DType::kAny;
  signature.columns[1].optional = true;
  const NamedTensor age = {"age", Of<double>(DType::kFp64, {1}, {41})};
  const std::vector<std::string> words = {"a", "b"};
  for (std::vector<NamedTensor> inputs :
       {std::vector<NamedTensor>{age}, {age, {"income", Tensor::OfStrings(Shape{2}, words)}}}) {
    ASSERT_EQ(CheckInputs(signature, inputs).value(), 1);
    EXPECT_EQ(inputs[0].tensor.values<double>()[0], 41);
    EXPECT_TRUE(std::isnan(inputs[0].tensor.values<double>()[1]));
  }
}

TEST(InputFitTest, SaysWhatIsWrongWithWhichColumn) {
  const NamedTensor age = {"age", Of<double>(DType::kFp64, {2}, {41, 17})};
  const NamedTensor one = {"income", Of<double>(DType::kFp64, {1}, {100})};
  const std::vector<std::string> words = {"a", "b"};
  const NamedTensor text = {"income", Tensor::OfStrings(Shape{2}, words)};
  EXPECT_THAT(Refusal({age}), HasSubstr("'income' is missing; the model's columns are 'age', "));
  EXPECT_THAT(Refusal({age, one}), HasSubstr("'income' has 1 rows, the columns before it have 2"));
  EXPECT_THAT(Refusal({age, age}), HasSubstr("'age' is given twice"));
  EXPECT_THAT(Refusal({age, text}), HasSubstr("'income' has type BYTES"));
  EXPECT_THAT(Refusal({age, {"zip", age.tensor}}), HasSubstr("'zip' is unknown"));
  EXPECT_THAT(Refusal({}), HasSubstr("'X' is missing"));
}

}  // namespace
}  // namespace plinth
