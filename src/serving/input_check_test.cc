#include "serving/input_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Signature TwoInputs() {
  Signature signature;
  signature.inputs = {{"a", DType::kFp32, Shape{-1, 3}, 0, false},
                      {"b", DType::kInt64, Shape{-1}, 0, true}};
  signature.outputs = {{"y", DType::kFp32, Shape{-1}, 0, false},
                       {"z", DType::kFp32, Shape{-1}, 0, false}};
  return signature;
}

NamedTensor Make(const std::string& name, DType type, const Shape& shape) {
  return {name, *Tensor::Allocate(type, shape)};
}

std::string Refusal(std::vector<NamedTensor> inputs) {
  const auto rows = CheckInputs(TwoInputs(), inputs);
  if (rows) return "accepted";
  EXPECT_EQ(rows.error().code, Code::kInvalidArgument);
  return rows.error().message;
}

TEST(InputCheckTest, PutsInputsInOrderAndCountsRows) {
  std::vector<NamedTensor> inputs = {Make("b", DType::kInt64, {5}),
                                     Make("a", DType::kFp32, {5, 3})};
  EXPECT_EQ(CheckInputs(TwoInputs(), inputs).value(), 5);
  EXPECT_EQ(inputs[0].name, "a");
  EXPECT_EQ(inputs[1].name, "b");
  std::vector<NamedTensor> required = {Make("a", DType::kFp32, {0, 3})};
  EXPECT_EQ(CheckInputs(TwoInputs(), required).value(), 0);
}

TEST(InputCheckTest, SaysWhatIsWrongWithWhich) {
  EXPECT_THAT(Refusal({}), HasSubstr("input 'a' is missing; the model's inputs are 'a', 'b'"));
  EXPECT_THAT(Refusal({Make("a", DType::kFp64, {1, 3})}),
              HasSubstr("'a' has type FP64, the model expects FP32"));
  EXPECT_THAT(Refusal({Make("a", DType::kFp32, {1, 4})}),
              HasSubstr("shape [1,4], the model expects [-1,3]"));
  EXPECT_THAT(Refusal({Make("a", DType::kFp32, {3})}), HasSubstr("shape [3]"));
  const NamedTensor a = Make("a", DType::kFp32, {2, 3});
  EXPECT_THAT(Refusal({a, Make("b", DType::kInt64, {3})}), HasSubstr("'b' has 3 rows"));
  EXPECT_THAT(Refusal({a, Make("c", DType::kInt64, {2})}), HasSubstr("'c' is unknown"));
  EXPECT_THAT(Refusal({a, a}), HasSubstr("'a' is given twice"));
}

TEST(InputCheckTest, WhatTheModelDoesNotSayIsNotChecked) {
  Signature signature;
  signature.inputs = {{"x", DType::kAny, std::nullopt, -1, false}};
  std::vector<NamedTensor> inputs = {Make("x", DType::kUint8, {2, 2, 2})};
  EXPECT_EQ(CheckInputs(signature, inputs).value(), 1);
}

TEST(InputCheckTest, OutputsByName) {
  EXPECT_THAT(CheckOutputs(TwoInputs(), {}).value(), IsEmpty());
  EXPECT_THAT(CheckOutputs(TwoInputs(), {"z", "y"}).value(), ElementsAre(0, 1));
  EXPECT_THAT(CheckOutputs(TwoInputs(), {"q"}).error().message, HasSubstr("'q' is unknown"));
  EXPECT_THAT(CheckOutputs(TwoInputs(), {"y", "y"}).error().message, HasSubstr("twice"));
}

}  // namespace
}  // namespace plinth
