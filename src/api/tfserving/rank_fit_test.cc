#include "api/tfserving/rank_fit.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "api/tfserving/json_testing.h"

namespace plinth::api::tfserving {
namespace {

// The shape that a tensor of `given` gets for an input of `wanted`, and back.
std::string Fitted(const Shape& wanted, const Shape& given) {
  const Signature signature = Taking({Spec("x", DType::kFp32, wanted)});
  std::vector<NamedTensor> tensors = {{"x", *Tensor::Allocate(DType::kFp32, given)}};
  const std::size_t added = AddMissingDimensions(signature, tensors);
  std::string text = tensors[0].tensor.shape().ToString();
  DropDimensions(added, tensors);
  EXPECT_EQ(tensors[0].tensor.shape(), given);
  return text;
}

TEST(RankFitTest, OnesAreAddedAtTheEnd) {
  EXPECT_EQ(Fitted({-1, 1}, {3}), "[3,1]");
  EXPECT_EQ(Fitted({-1, 4, 1}, {3, 4}), "[3,4,1]");
  EXPECT_EQ(Fitted({-1, 1}, {}), "[1,1]");
  EXPECT_EQ(Fitted({-1}, {}), "[1]");
}

TEST(RankFitTest, WhatIsNotMissingOnesStaysAsItIs) {
  EXPECT_EQ(Fitted({-1, 1}, {3, 1}), "[3,1]");
  EXPECT_EQ(Fitted({-1, 2}, {2}), "[2]");
  EXPECT_EQ(Fitted({-1, -1}, {3}), "[3]");
  EXPECT_EQ(Fitted({2, 1}, {3}), "[3]");
  EXPECT_EQ(Fitted({-1, 1}, {3, 1, 1}), "[3,1,1]");
}

TEST(RankFitTest, AllInputsLackAsMany) {
  const Signature signature =
      Taking({Spec("a", DType::kFp32, Shape{-1, 1}), Spec("b", DType::kFp32, Shape{-1, 1})});
  std::vector<NamedTensor> inputs = {{"a", *Tensor::Allocate(DType::kFp32, {2})},
                                     {"b", *Tensor::Allocate(DType::kFp32, {2, 1})}};
  EXPECT_EQ(AddMissingDimensions(signature, inputs), 0U);
  EXPECT_EQ(inputs[0].tensor.shape(), (Shape{2}));
  inputs[1].tensor = *Tensor::Allocate(DType::kFp32, {2});
  EXPECT_EQ(AddMissingDimensions(signature, inputs), 1U);
  EXPECT_EQ(inputs[1].tensor.shape(), (Shape{2, 1}));
}

TEST(RankFitTest, OnlyDimensionsOfOneAreDropped) {
  const std::vector<std::string> texts = {"a", "b"};
  std::vector<NamedTensor> outputs = {{"y", *Tensor::Allocate(DType::kFp32, {2, 3})},
                                      {"s", Tensor::OfStrings({2, 1}, texts)}};
  DropDimensions(1, outputs);
  EXPECT_EQ(outputs[0].tensor.shape(), (Shape{2, 3}));
  EXPECT_EQ(outputs[1].tensor.shape(), (Shape{2}));
  EXPECT_EQ(outputs[1].tensor.string_at(1), "b");
}

}  // namespace
}  // namespace plinth::api::tfserving
