#include "api/tfserving/example_batch.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/tfserving/examples_json.h"
#include "api/tfserving/json_testing.h"

namespace plinth::api::tfserving {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ExamplesJson Decoded(std::string_view json, const Signature& signature) {
  auto body = DecodeExamplesJson(BodyOf(json), signature);
  if (!body) {
    ADD_FAILURE() << body.error().message;
    return {};
  }
  return *std::move(body);
}

std::string ErrorOf(std::string_view json, const Signature& signature) {
  const auto body = DecodeExamplesJson(BodyOf(json), signature);
  if (body) return "was accepted";
  EXPECT_EQ(body.error().code, Code::kInvalidArgument);
  return body.error().message;
}

const Signature kMixed =
    Taking({Spec("x", DType::kFp32, Shape{-1, 2}), Spec("n", DType::kInt64, Shape{-1}),
            Spec("s", DType::kBytes, Shape{-1, 1})});

TEST(ExamplesTest, FeaturesBecomeRows) {
  const ExamplesJson body = Decoded(
      R"({"signature_name": "q", "examples": [
          {"x": [1, 2.5], "n": 3, "s": "a", "unknown": [1, "x"]},
          {"s": {"b64": "aGk="}, "n": [true], "x": [NaN, -Infinity]}]})",
      kMixed);
  EXPECT_EQ(body.signature_name, "q");
  EXPECT_EQ(body.count, 2);
  ASSERT_EQ(body.inputs.size(), 3U);
  EXPECT_EQ(body.inputs[0].tensor.shape(), (Shape{2, 2}));
  EXPECT_EQ(ValuesOf<float>(body.inputs[0].tensor)[1], 2.5F);
  EXPECT_THAT(ValuesOf<std::int64_t>(body.inputs[1].tensor), ElementsAre(3, 1));
  EXPECT_EQ(body.inputs[2].tensor.shape(), (Shape{2, 1}));
  EXPECT_EQ(body.inputs[2].tensor.string_at(0), "a");
  EXPECT_EQ(body.inputs[2].tensor.string_at(1), "hi");
}

TEST(ExamplesTest, TheContextStandsInForWhatExamplesLack) {
  const Signature two =
      Taking({Spec("a", DType::kInt32, Shape{-1}), Spec("s", DType::kBytes, Shape{-1})});
  const ExamplesJson body = Decoded(
      R"({"examples": [{}, {"a": 2}, {"s": "own"}], "context": {"a": 1, "s": "all"}})", two);
  ASSERT_EQ(body.inputs.size(), 2U);
  EXPECT_THAT(ValuesOf<std::int32_t>(body.inputs[0].tensor), ElementsAre(1, 2, 1));
  EXPECT_EQ(body.inputs[1].tensor.string_at(0), "all");
  EXPECT_EQ(body.inputs[1].tensor.string_at(1), "all");
  EXPECT_EQ(body.inputs[1].tensor.string_at(2), "own");
}

TEST(ExamplesTest, ALargeContextIsNotRepeatedWithoutEnd) {
  const Signature one = Taking({Spec("s", DType::kBytes, Shape{-1})});
  ExampleBatch batch(one);
  batch.BeginContext();
  ASSERT_TRUE(batch.BeginFeature("s"));
  ASSERT_TRUE(batch.AddBytes(std::string(ExampleBatch::kMostContextBytes / 2, 'x')));
  ASSERT_TRUE(batch.EndFeature());
  batch.EndContext();
  ASSERT_TRUE(batch.EndExample());
  EXPECT_FALSE(batch.EndExample());
}

TEST(ExamplesTest, OneOpenDimensionIsFoundFromTheValues) {
  const Signature open = Taking({Spec("x", DType::kFp64, Shape{-1, 2, -1})});
  EXPECT_EQ(Decoded(R"({"examples": [{"x": [1, 2, 3, 4, 5, 6]}]})", open).inputs[0].tensor.shape(),
            (Shape{1, 2, 3}));
  const Signature unknown = Taking({Spec("x", DType::kAny, std::nullopt)});
  EXPECT_EQ(
      Decoded(R"({"examples": [{"x": [1, 2]}, {"x": [3, 4]}]})", unknown).inputs[0].tensor.shape(),
      (Shape{2, 2}));
  EXPECT_EQ(Decoded(R"({"examples": [{"x": 1}]})", unknown).inputs[0].tensor.shape(), (Shape{1}));
  const Signature two = Taking({Spec("x", DType::kFp64, Shape{-1, -1, -1})});
  EXPECT_THAT(ErrorOf(R"({"examples": [{"x": [1]}]})", two), HasSubstr("several open dimensions"));
}

TEST(ExamplesTest, ModelsWithoutABatchTakeOneExample) {
  const Signature single = Taking({Spec("x", DType::kFp32, Shape{2})});
  EXPECT_EQ(Decoded(R"({"examples": [{"x": [1, 2]}]})", single).inputs[0].tensor.shape(),
            (Shape{2}));
  EXPECT_THAT(ErrorOf(R"({"examples": [{"x": [1, 2]}, {"x": [1, 2]}]})", single),
              HasSubstr("one example at a time"));
}

TEST(ExamplesTest, RefusesWhatDoesNotFit) {
  const auto refused = [](const char* example) {
    return ErrorOf(
        R"({"examples": [{"x": [1, 2], "n": 1, "s": "a"}, )" + std::string(example) + "]}", kMixed);
  };
  EXPECT_EQ(refused(R"({"x": [1, 2], "n": 1})"),
            "Feature: s (data type: string) is required but could not be found.");
  EXPECT_EQ(refused(R"({"x": [1, 2], "n": 1.5, "s": "a"})"),
            "Key: n.  Data types don't match. Data type: float but expected type: int64");
  EXPECT_EQ(refused(R"({"x": ["a", 2]})"),
            "Key: x.  Data types don't match. Data type: string but expected type: float");
  EXPECT_EQ(refused(R"({"s": 5})"),
            "Key: s.  Data types don't match. Data type: int64 but expected type: string");
  EXPECT_EQ(refused(R"({"x": [1]})"),
            "Key: x.  Number of float values != expected.  Values size: 1 but expected: 2");
  EXPECT_EQ(refused(R"({"x": [1, 2], "x": [1, 2]})"), "Feature: x is given twice.");
}

TEST(ExamplesTest, RefusesBodiesInTfServingsWords) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "JSON Parse error: The document is empty"},
      {"{", "JSON Parse error: Missing a name for object member. at offset: 1"},
      {"[]", "JSON Value: [] Is not object"},
      {"{}", "When method is classify, key 'examples' is expected and was not found"},
      {R"({"examples": 5})", "Expecting 'examples' value to be an list/array"},
      {R"({"examples": []})", "'examples' value is an empty array"},
      {R"({"examples": [5]})", "Example must be JSON object but got JSON Number"},
      {R"({"examples": [{"x": [[1]]}]})",
       "Feature: x has element with unexpected JSON type: Array"},
      {R"({"examples": [{"x": null}]})", "Feature: x has element with unexpected JSON type: Null"},
      {R"({"context": [], "examples": [{}]})", "Example must be JSON object but got JSON Array"},
      {R"({"signature_name": 1, "examples": [{}]})",
       "'signature_name' key must be a string value."},
  };
  for (const auto& [body, message] : cases)
    EXPECT_THAT(ErrorOf(body, kMixed), HasSubstr(message)) << body;
}

}  // namespace
}  // namespace plinth::api::tfserving
