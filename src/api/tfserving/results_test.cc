#include "api/tfserving/results.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/tfserving/json_testing.h"
#include "api/tfserving/model_outputs.h"

namespace plinth::api::tfserving {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Signature Giving(std::vector<TensorSpec> outputs) {
  Signature signature;
  signature.outputs = std::move(outputs);
  return signature;
}

template <typename T>
Tensor Of(DType type, const Shape& shape, std::vector<T> values) {
  auto tensor = Tensor::Allocate(type, shape);
  std::ranges::copy(values, tensor->template mutable_values<T>().begin());
  return *tensor;
}

Tensor Strings(const Shape& shape, std::vector<std::string> values) {
  return Tensor::OfStrings(shape, values);
}

std::string Classified(const Signature& signature, const std::vector<NamedTensor>& outputs,
                       std::int64_t examples, const ClassLabels& names = {}) {
  const auto result = Classification::Of(signature, names, outputs, examples);
  return result ? EncodeClassification(*result) : result.error().message;
}

TEST(ModelOutputsTest, NamesComeBeforeTypes) {
  const Signature signature = Giving({Spec("other", DType::kFp32, Shape{-1, 2}),
                                      Spec("output_probability", DType::kFp32, Shape{-1, 3}),
                                      Spec("extra", DType::kBytes, Shape{-1}),
                                      Spec("output_label", DType::kInt64, Shape{-1})});
  const auto found = ClassOutputsOf(signature);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->classes, 3U);
  EXPECT_EQ(found->scores, 1U);
  EXPECT_FALSE(RegressionOutputOf(signature));
}

TEST(ModelOutputsTest, TypesTellWhereThereIsOneOfEach) {
  const auto found = ClassOutputsOf(
      Giving({Spec("a", DType::kFp32, Shape{-1, 2}), Spec("b", DType::kBytes, Shape{-1, 2})}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->classes, 1U);
  EXPECT_EQ(found->scores, 0U);
  EXPECT_FALSE(ClassOutputsOf(
      Giving({Spec("a", DType::kFp32, Shape{-1}), Spec("b", DType::kFp32, Shape{-1})})));
  EXPECT_EQ(RegressionOutputOf(Giving({Spec("y", DType::kFp32, Shape{-1})})), 0U);
  EXPECT_FALSE(RegressionOutputOf(Giving({Spec("y", DType::kBytes, Shape{-1})})));
}

TEST(ClassificationTest, EachClassHasItsLabelAndScore) {
  const Signature signature = Giving(
      {Spec("classes", DType::kBytes, Shape{-1, 2}), Spec("scores", DType::kFp32, Shape{-1, 2})});
  EXPECT_EQ(Classified(signature,
                       {{"classes", Strings({2, 2}, {"a", "b", "c", "d"})},
                        {"scores", Of<float>(DType::kFp32, {2, 2}, {0.5, 1, 0.25, 0})}},
                       2),
            R"({"results":[[["a",0.5],["b",1.0]],[["c",0.25],["d",0.0]]]})");
}

TEST(ClassificationTest, AChosenLabelHasTheLargestScore) {
  const Signature signature = Giving(
      {Spec("label", DType::kInt64, Shape{-1}), Spec("probabilities", DType::kFp64, Shape{-1, 3})});
  EXPECT_EQ(Classified(signature,
                       {{"label", Of<std::int64_t>(DType::kInt64, {2}, {2, 0})},
                        {"probabilities",
                         Of<double>(DType::kFp64, {2, 3}, {0.25, 0.25, 0.5, 0.75, 0.125, 0.125})}},
                       2),
            R"({"results":[[["2",0.5]],[["0",0.75]]]})");
}

TEST(ClassificationTest, ConfiguredLabelsNameTheScores) {
  const Signature signature = Giving(
      {Spec("label", DType::kInt64, Shape{-1}), Spec("probabilities", DType::kFp32, Shape{-1, 3})});
  const ClassLabels names(ClassLabels::Map{{"probabilities", {"cat", "dog"}}});
  EXPECT_EQ(Classified(signature,
                       {{"label", Of<std::int64_t>(DType::kInt64, {1}, {2})},
                        {"probabilities", Of<float>(DType::kFp32, {1, 3}, {0.25, 0.25, 0.5})}},
                       1, names),
            R"({"results":[[["cat",0.25],["dog",0.25],["",0.5]]]})");
}

TEST(ClassificationTest, WhatThereIsNoOutputForIsEmpty) {
  const Signature scores = Giving({Spec("y", DType::kFp32, Shape{-1, 1})});
  EXPECT_EQ(Classified(scores, {{"y", Of<float>(DType::kFp32, {1, 1}, {12})}}, 1),
            R"({"results":[[["",12.0]]]})");
  const Signature labels = Giving({Spec("label", DType::kBytes, Shape{-1})});
  EXPECT_EQ(Classified(labels, {{"label", Strings({1}, {"cat"})}}, 1),
            R"({"results":[[["cat",0.0]]]})");
}

TEST(ClassificationTest, RefusesShapesThatDoNotFit) {
  const Signature scores = Giving({Spec("y", DType::kFp32, std::nullopt)});
  const auto refused = [&](const Shape& shape, std::vector<float> values, std::int64_t examples) {
    return Classified(scores, {{"y", Of<float>(DType::kFp32, shape, std::move(values))}}, examples);
  };
  EXPECT_EQ(refused({}, {1}, 1), "Expected Tensor shape: [batch_size num_classes] but got []");
  EXPECT_EQ(refused({1, 1, 1}, {1}, 1),
            "Expected Tensor shape: [batch_size num_classes] but got [1,1,1]");
  EXPECT_EQ(refused({2}, {1, 2}, 1), "Expected output batch size of 1. Got: 2");
  const Signature both = Giving(
      {Spec("classes", DType::kBytes, Shape{-1, 2}), Spec("scores", DType::kFp32, Shape{-1, 3})});
  EXPECT_EQ(Classified(both,
                       {{"classes", Strings({1, 2}, {"a", "b"})},
                        {"scores", Of<float>(DType::kFp32, {1, 3}, {1, 2, 3})}},
                       1),
            "Tensors class and score should match in dim_size(1). Got 2 vs. 3");
  const Signature neither =
      Giving({Spec("a", DType::kFp32, Shape{-1}), Spec("b", DType::kFp32, Shape{-1})});
  EXPECT_THAT(OutputsToClassify(neither).error().message,
              HasSubstr("Expected classification signature method_name to be "
                        "tensorflow/serving/classify. Was: tensorflow/serving/predict"));
}

TEST(RegressionTest, TakesOneValueOfEachExample) {
  const Signature signature = Giving({Spec("y", DType::kInt32, std::nullopt)});
  const auto values = [&](const Shape& shape, std::vector<std::int32_t> numbers,
                          std::int64_t examples) {
    return RegressionOf(
        signature,
        std::vector<NamedTensor>{{"y", Of<std::int32_t>(DType::kInt32, shape, std::move(numbers))}},
        examples);
  };
  EXPECT_THAT(*values({2}, {3, 4}, 2), ElementsAre(3.0F, 4.0F));
  EXPECT_EQ(EncodeRegression(*values({2, 1}, {3, 4}, 2)), R"({"results":[3.0,4.0]})");
  EXPECT_EQ(values({1, 2}, {3, 4}, 1).error().message,
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got "
            "[1,2]");
  EXPECT_EQ(values({2}, {3, 4}, 3).error().message,
            "Input batch size did not match output batch size: 3 vs. 2");
}

}  // namespace
}  // namespace plinth::api::tfserving
