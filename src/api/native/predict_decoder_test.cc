#include "api/native/predict_decoder.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/native/predict_testing.h"

namespace plinth::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Signature& Two() {
  static const Signature signature =
      Of({Spec("a", DType::kFp32, Shape{-1, 2}), Spec("b", DType::kInt32, Shape{-1})});
  return signature;
}

TEST(PredictDecoderTest, ReadsInputsByName) {
  const auto body = Decode(Inputs(R"({"b": [7, 8], "a": [[1, 2], [3, 4]]})"), Two());
  ASSERT_TRUE(body.has_value()) << body.error().message;
  ASSERT_EQ(body->inputs.size(), 2U);
  EXPECT_EQ(body->inputs[0].name, "b");
  EXPECT_THAT(ValuesOf<std::int32_t>(body->inputs[0].tensor), ElementsAre(7, 8));
  EXPECT_EQ(body->inputs[1].name, "a");
  EXPECT_EQ(body->inputs[1].tensor.shape(), (Shape{2, 2}));
}

TEST(PredictDecoderTest, RowsAreStacked) {
  const auto body = Decode(Inputs(R"([{"a": [1, 2], "b": 7}, {"b": 8, "a": [3, 4]}])"), Two());
  ASSERT_TRUE(body.has_value()) << body.error().message;
  ASSERT_EQ(body->inputs.size(), 2U);
  EXPECT_EQ(body->inputs[0].tensor.shape(), (Shape{2, 2}));
  EXPECT_THAT(ValuesOf<float>(body->inputs[0].tensor), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(body->inputs[1].tensor.shape(), (Shape{2}));
  EXPECT_THAT(ValuesOf<std::int32_t>(body->inputs[1].tensor), ElementsAre(7, 8));
}

TEST(PredictDecoderTest, RowsOfOneInputMayBeObjectsToo) {
  EXPECT_EQ(Only(Inputs(R"([{"x": [1, 2]}])"), One(DType::kFp32, Shape{-1, 2})).shape(),
            (Shape{1, 2}));
  EXPECT_EQ(Only(Inputs(R"([{"x": "t"}, {"x": {"b64": "aGk="}}])"), One(DType::kBytes, Shape{-1}))
                .string_at(1),
            "hi");
}

TEST(PredictDecoderTest, RefusesRowsThatDiffer) {
  EXPECT_EQ(ErrorOf(Inputs(R"([{"a": [1, 2], "b": 7}, {"b": 8}])"), Two()),
            "inputs[1].a is missing");
  EXPECT_THAT(ErrorOf(Inputs(R"([{"b": 8}, {"a": [1, 2], "b": 7}])"), Two()),
              HasSubstr("inputs[1].a is missing in the rows before it"));
  EXPECT_EQ(ErrorOf(Inputs(R"([{"b": 8, "b": 9}])"), Two()), "inputs[0].b is given twice");
  EXPECT_THAT(ErrorOf(Inputs(R"([{"b": 8}, 3])"), Two()), HasSubstr("inputs[1] is no object"));
  EXPECT_THAT(ErrorOf(Inputs(R"([{"c": 8}])"), Two()), HasSubstr("input 'c' is unknown"));
  EXPECT_THAT(ErrorOf(Inputs(R"([{"a": [1, 2]}, {"a": [1, "z"]}])"), Two()),
              HasSubstr("inputs[1].a[1] is \"z\""));
  EXPECT_THAT(ErrorOf(Inputs(R"([{"a": [[1, 2]]}])"), Two()),
              HasSubstr("nested 2 deep, expected 1"));
  EXPECT_THAT(ErrorOf(Inputs(R"([{"x": [1]}])"), One(DType::kFp32, Shape{1, 1})),
              HasSubstr("no batch dimension"));
}

TEST(PredictDecoderTest, RefusesInputsThatDoNotName) {
  EXPECT_THAT(ErrorOf(Inputs("[[1, 2]]"), Two()), HasSubstr("the model has 2 inputs ('a', 'b')"));
  EXPECT_THAT(ErrorOf(Inputs(R"({"a": [[1, 2]], "a": [[1, 2]]})"), Two()),
              HasSubstr("'a' is given twice"));
  EXPECT_THAT(
      ErrorOf(Inputs(R"({"pixel": [[1, 2]]})"), Of({Spec("pixels", DType::kFp32, Shape{-1, 2})})),
      HasSubstr("did you mean 'pixels'?"));
  EXPECT_THAT(ErrorOf(Inputs(R"({"a": [[1, true]]})"), Two()), HasSubstr("inputs.a[0][1] is true"));
}

TEST(PredictDecoderTest, AnOptionalInputNeedsNoName) {
  Signature signature = Two();
  signature.inputs[1].optional = true;
  EXPECT_EQ(Only(Inputs("[[1, 2]]"), signature).shape(), (Shape{1, 2}));
}

TEST(PredictDecoderTest, ReadsOutputsAndVersion) {
  const auto body = Decode(R"({"outputs": ["label", "p"], "inputs": [1], "version": "v1"})",
                           One(DType::kFp32, Shape{-1}));
  ASSERT_TRUE(body.has_value()) << body.error().message;
  EXPECT_EQ(body->options.version, "v1");
  EXPECT_THAT(body->options.outputs, ElementsAre("label", "p"));
}

TEST(PredictDecoderTest, ReadsPriorityAndTimeout) {
  const Signature signature = One(DType::kFp32, Shape{-1});
  const auto body = Decode(R"({"priority": "low", "inputs": [1], "timeout_ms": 50})", signature);
  ASSERT_TRUE(body.has_value()) << body.error().message;
  EXPECT_EQ(body->options.priority, Priority::kLow);
  EXPECT_EQ(body->options.timeout, std::chrono::milliseconds(50));
  const auto plain = Decode(R"({"inputs": [1]})", signature);
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->options.priority, std::nullopt);
  EXPECT_EQ(plain->options.timeout, std::nullopt);
}

TEST(PredictDecoderTest, RefusesPrioritiesAndTimeoutsThatAreNone) {
  const auto error_of = [](const std::string& member) {
    return ErrorOf(R"({"inputs": [1], )" + member + "}", One(DType::kFp32, Shape{-1}));
  };
  EXPECT_EQ(error_of(R"("priority": "hihg")"),
            "priority is 'hihg', expected one of high, normal, low; did you mean 'high'?");
  EXPECT_THAT(error_of(R"("priority": 1)"), HasSubstr("must be a string"));
  for (const char* value : {"0", "-1", "86400001", "1.5", "\"50\"", "null", "1e30"}) {
    SCOPED_TRACE(value);
    EXPECT_EQ(error_of(std::string("\"timeout_ms\": ") + value),
              "timeout_ms must be a whole number from 1 to 86400000");
  }
}

TEST(PredictDecoderTest, RefusesKeysThatAreWrong) {
  const Signature signature = One(DType::kFp32, Shape{-1});
  EXPECT_THAT(ErrorOf(R"({"input": [1]})", signature),
              HasSubstr("key 'input' is unknown; did you mean 'inputs'?"));
  EXPECT_THAT(ErrorOf(R"({"inputs": [1], "inputs": [2]})", signature),
              HasSubstr("key 'inputs' is given twice"));
  EXPECT_THAT(ErrorOf(R"({"version": "v1"})", signature), HasSubstr("no \"inputs\""));
  EXPECT_THAT(ErrorOf(R"({"inputs": [1], "version": 1})", signature),
              HasSubstr("must be a string"));
  EXPECT_THAT(ErrorOf(R"({"inputs": [1], "version": "../v"})", signature),
              HasSubstr("not allowed"));
  EXPECT_THAT(ErrorOf(R"({"inputs": [1], "outputs": "label"})", signature),
              HasSubstr("list of output names"));
  EXPECT_THAT(ErrorOf(R"({"inputs": [1], "outputs": []})", signature), HasSubstr("is empty"));
  EXPECT_THAT(ErrorOf(R"({"inputs": [1], "outputs": [1]})", signature), HasSubstr("outputs[0]"));
}

TEST(PredictDecoderTest, RefusesWhatIsNotJson) {
  const Signature signature = One(DType::kFp32, Shape{-1, -1});
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "[1]",
                           "1",
                           "null",
                           "\"x\"",
                           "{\"inputs\"",
                           "{\"inputs\":",
                           "{\"inputs\": [[1, 2",
                           "{\"inputs\": [[1, 2]",
                           "{\"inputs\": [[1, 2]]",
                           "{\"inputs\": [[1, 2}",
                           "{\"inputs\": [[1 2]]}",
                           "{\"inputs\": [[1,, 2]]}",
                           "{\"inputs\": [[1, 2],]}",
                           "{\"inputs\": [[1, 2]]} x",
                           "{\"inputs\": [[1, 2]]}}",
                           "{\"inputs\": [[1, 2]]}{\"inputs\": [[1, 2]]}",
                           "{inputs: [[1, 2]]}",
                           "{\"inputs\" [[1, 2]]}",
                           "{\"inputs\": [[01]]}",
                           "{\"inputs\": [[1.]]}",
                           "{\"inputs\": [[.5]]}",
                           "{\"inputs\": [[+1]]}",
                           "{\"inputs\": [[0x10]]}",
                           "{\"inputs\": [[1e]]}",
                           "{\"inputs\": [[tru]]}",
                           "{\"inputs\": [[1]], }",
                           "{'inputs': [[1]]}",
                           "{\"inputs\": ]}",
                           "{\"inputs\": {\"x\": [[1]]}",
                           "{\"inputs\": [[1]] \"version\": \"v1\"}",
                           "\xEF\xBB\xBF{\"inputs\": [[1]]}"}) {
    SCOPED_TRACE(text);
    EXPECT_NE(ErrorOf(text, signature), "");
  }
  EXPECT_THAT(ErrorOf("{\"inputs\": [[1, 2", signature), HasSubstr("not valid JSON"));
}

TEST(PredictDecoderTest, EveryTruncationIsRefused) {
  const std::string text =
      R"({"version": "v1", "inputs": [{"a": [1.5, 2], "b": 7}], "outputs": ["p"]})";
  ASSERT_TRUE(Decode(text, Two()).has_value());
  for (std::size_t size = 0; size < text.size(); ++size) {
    SCOPED_TRACE(size);
    EXPECT_NE(ErrorOf(text.substr(0, size), Two()), "");
  }
}

TEST(PredictDecoderTest, RefusesInvalidUtf8) {
  EXPECT_THAT(ErrorOf(Inputs("[\"\xFF\"]"), One(DType::kBytes, Shape{-1})), HasSubstr("UTF-8"));
}

class PredictVersionsTest : public ::testing::Test, public VersionChoice {
 protected:
  Result<PredictBody> Decode(std::string_view json) { return DecodePredict(BodyOf(json), *this); }

  Result<const Signature*> Presumed() override { return Named("presumed"); }
  Result<const Signature*> Routed(std::optional<std::string_view> key) override {
    key_ = key;
    return Named(routed_);
  }
  Result<const Signature*> Named(std::string_view version) override {
    asked_.emplace_back(version);
    const auto it = versions_.find(std::string(version));
    if (it == versions_.end()) return Fail(Code::kNotFound, "no version " + std::string(version));
    return &it->second;
  }
  std::string_view sticky_field() override { return field_; }

  std::map<std::string, Signature> versions_ = {{"presumed", One(DType::kFp32, Shape{-1, 2})},
                                                {"v1", One(DType::kInt64, Shape{-1, 3})},
                                                {"v2", One(DType::kFp32, Shape{-1, 2})}};
  std::string routed_ = "presumed";  // where requests go that name no version
  std::string field_ = "user";
  std::vector<std::string> asked_;
  std::optional<std::string> key_;
};

TEST_F(PredictVersionsTest, ReadsOnceWhereTheVersionComesFirst) {
  const auto body = Decode(R"({"version": "v1", "inputs": [[1, 2, 3]]})");
  ASSERT_TRUE(body.has_value()) << body.error().message;
  EXPECT_EQ(body->inputs.at(0).tensor.dtype(), DType::kInt64);
  EXPECT_THAT(asked_, ElementsAre("v1"));
}

TEST_F(PredictVersionsTest, ReadsAgainWhereTheInputsDoNotFitTheDefault) {
  const auto body = Decode(R"({"inputs": [[1, 2, 3]], "version": "v1", "outputs": ["p"]})");
  ASSERT_TRUE(body.has_value()) << body.error().message;
  EXPECT_EQ(body->inputs.at(0).tensor.dtype(), DType::kInt64);
  EXPECT_EQ(body->options.version, "v1");
  EXPECT_THAT(body->options.outputs, ElementsAre("p"));
}

TEST_F(PredictVersionsTest, ReadsAgainWhereTheTypeDiffers) {
  versions_["v1"] = One(DType::kFp64, Shape{-1, 2});
  const auto body = Decode(R"({"inputs": [[1, 2]], "version": "v1"})");
  ASSERT_TRUE(body.has_value()) << body.error().message;
  EXPECT_EQ(body->inputs.at(0).tensor.dtype(), DType::kFp64);
}

TEST_F(PredictVersionsTest, KeepsWhatItReadWhereTheInputsAreTheSame) {
  const auto body = Decode(R"({"inputs": [[1, 2]], "version": "v2"})");
  ASSERT_TRUE(body.has_value()) << body.error().message;
  EXPECT_EQ(body->options.version, "v2");
  EXPECT_THAT(asked_, ElementsAre("presumed", "v2"));
}

TEST_F(PredictVersionsTest, TheNamedVersionNeedsNoDefault) {
  versions_.erase("presumed");
  EXPECT_TRUE(Decode(R"({"inputs": [[1, 2]], "version": "v2"})").has_value());
  const auto body = Decode(R"({"inputs": [[1, 2]]})");
  ASSERT_FALSE(body.has_value());
  EXPECT_EQ(body.error().code, Code::kNotFound);
}

TEST_F(PredictVersionsTest, ErrorsAreThoseOfTheNamedVersion) {
  const auto body = Decode(R"({"inputs": [[1, 2, 3, 4]], "version": "v1"})");
  ASSERT_FALSE(body.has_value());
  EXPECT_THAT(body.error().message, HasSubstr("expected 3"));
  const auto missing = Decode(R"({"inputs": [[1, 2, 3, 4]], "version": "v9"})");
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, Code::kNotFound);
}

TEST_F(PredictVersionsTest, WhatNamesNoVersionIsReadOnceWhereTheInputsAreTheSame) {
  routed_ = "v2";
  const auto body = Decode(R"({"inputs": [[1, 2]]})");
  ASSERT_TRUE(body.has_value()) << body.error().message;
  EXPECT_EQ(body->options.version, "");
  EXPECT_THAT(asked_, ElementsAre("presumed", "v2"));
}

TEST_F(PredictVersionsTest, TheRoutedVersionsInputsCount) {
  routed_ = "v1";
  const auto body = Decode(R"({"inputs": [[1, 2, 3]]})");
  ASSERT_TRUE(body.has_value()) << body.error().message;
  EXPECT_EQ(body->inputs.at(0).tensor.dtype(), DType::kInt64);
  EXPECT_THAT(asked_, ElementsAre("presumed", "v1"));
  EXPECT_THAT(Decode(R"({"inputs": [[1, 2]]})").error().message, HasSubstr("expected 3"));
}

TEST_F(PredictVersionsTest, TheStickyFieldStandsWhereItWill) {
  for (const char* json :
       {R"({"user": "a\n", "inputs": [[1, 2]]})", R"({"inputs": [[1, 2]], "user": "a\n"})",
        R"({"inputs": [[1, 2, 3]], "outputs": ["y"], "user": "a\n"})"}) {
    routed_ = std::string(json).find("3") == std::string::npos ? "v2" : "v1";
    const auto body = Decode(json);
    ASSERT_TRUE(body.has_value()) << body.error().message;
    EXPECT_EQ(key_, "a\n") << json;
  }
}

TEST_F(PredictVersionsTest, AStickyFieldIsTextOrANumber) {
  ASSERT_TRUE(Decode(R"({"user": 17 , "inputs": [[1, 2]]})"));
  EXPECT_EQ(key_, "17");
  ASSERT_TRUE(Decode(R"({"inputs": [[1, 2]]})"));
  EXPECT_EQ(key_, std::nullopt);
  EXPECT_EQ(Decode(R"({"user": [1], "inputs": [[1, 2]]})").error().message,
            "key 'user' must be a string or a number: the model's traffic is sticky by it");
  EXPECT_EQ(Decode(R"({"user": 1, "inputs": [[1, 2]], "user": 1})").error().message,
            "key 'user' is given twice");
  EXPECT_EQ(Decode(R"({"user": 1x, "inputs": [[1, 2]]})").error().code, Code::kInvalidArgument);
  field_ = "";
  EXPECT_THAT(Decode(R"({"user": 1, "inputs": [[1, 2]]})").error().message, HasSubstr("unknown"));
  EXPECT_THAT(Decode(R"({"": 1, "inputs": [[1, 2]]})").error().message, HasSubstr("unknown"));
}

TEST_F(PredictVersionsTest, ANamedVersionIsNotRouted) {
  routed_ = "v1";
  ASSERT_TRUE(Decode(R"({"user": 17, "inputs": [[1, 2]], "version": "v2"})"));
  EXPECT_THAT(asked_, ElementsAre("presumed", "v2"));
  EXPECT_EQ(key_, std::nullopt);
}

TEST_F(PredictVersionsTest, WhatCannotBeReadIsNotRouted) {
  routed_ = "v2";
  EXPECT_FALSE(Decode(R"({"inputs": [[1, 2]], )"));
  EXPECT_FALSE(Decode(R"({"imputs": [[1, 2]]})"));
  EXPECT_THAT(asked_, ::testing::Each("presumed"));
}

}  // namespace
}  // namespace plinth::api
