#include "api/tfserving/predict_json.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/tfserving/json_testing.h"

namespace plinth::api::tfserving {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<PredictJson> Decode(std::string_view json, const Signature& signature) {
  return DecodePredictJson(BodyOf(json), signature,
                           [](std::string_view name) { return name == "serving_default"; });
}

PredictJson Decoded(std::string_view json, const Signature& signature) {
  auto body = Decode(json, signature);
  if (!body) {
    ADD_FAILURE() << body.error().message;
    return {};
  }
  return *std::move(body);
}

std::string ErrorOf(std::string_view json, const Signature& signature) {
  const auto body = Decode(json, signature);
  if (body) return "was accepted";
  EXPECT_EQ(body.error().code, Code::kInvalidArgument);
  return body.error().message;
}

const Signature kFloats = Taking({Spec("x", DType::kFp32, Shape{-1, 2})});
const Signature kTwo =
    Taking({Spec("a", DType::kFp32, Shape{-1}), Spec("b", DType::kInt32, Shape{-1, 2})});

TEST(PredictJsonTest, RowsOfOneInputAreValuesOrObjects) {
  for (const char* const json : {R"({"instances": [[1, 2.5], [3, 4]]})",
                                 R"({"instances": [{"x": [1, 2.5]}, {"x": [3, 4]}]})"}) {
    const PredictJson body = Decoded(json, kFloats);
    ASSERT_EQ(body.inputs.size(), 1U) << json;
    EXPECT_EQ(body.format, JsonFormat::kRows);
    EXPECT_EQ(body.inputs[0].name, "x");
    EXPECT_EQ(body.inputs[0].tensor.shape(), (Shape{2, 2}));
    EXPECT_THAT(ValuesOf<float>(body.inputs[0].tensor), ElementsAre(1, 2.5, 3, 4));
  }
}

TEST(PredictJsonTest, RowsOfSeveralInputsAreObjects) {
  const PredictJson body =
      Decoded(R"({"instances": [{"a": 1, "b": [2, 3]}, {"b": [4, 5], "a": 6}]})", kTwo);
  ASSERT_EQ(body.inputs.size(), 2U);
  EXPECT_EQ(body.inputs[0].tensor.shape(), (Shape{2}));
  EXPECT_THAT(ValuesOf<float>(body.inputs[0].tensor), ElementsAre(1, 6));
  EXPECT_EQ(body.inputs[1].tensor.shape(), (Shape{2, 2}));
  EXPECT_THAT(ValuesOf<std::int32_t>(body.inputs[1].tensor), ElementsAre(2, 3, 4, 5));
}

TEST(PredictJsonTest, ColumnsAreWholeTensors) {
  EXPECT_EQ(Decoded(R"({"inputs": [[1, 2]]})", kFloats).format, JsonFormat::kColumns);
  const PredictJson body = Decoded(
      R"({"inputs": {"b": [[2, 3]], "a": [1], "more": {"is": "ignored"}}, "also": [1]})", kTwo);
  ASSERT_EQ(body.inputs.size(), 2U);
  EXPECT_EQ(body.inputs[0].name, "b");
  EXPECT_EQ(body.inputs[1].tensor.shape(), (Shape{1}));
}

TEST(PredictJsonTest, BytesAreStringsOrBase64) {
  const Signature strings = Taking({Spec("s", DType::kBytes, Shape{-1})});
  for (const char* const json : {R"({"instances": [{"b64": "aGk="}, "x"]})",
                                 R"({"instances": [{"s": {"b64": "aGk="}}, {"s": "x"}]})",
                                 R"({"inputs": [{"b64": "aGk="}, "x"]})"}) {
    const PredictJson body = Decoded(json, strings);
    ASSERT_EQ(body.inputs.size(), 1U) << json;
    EXPECT_EQ(body.inputs[0].tensor.string_at(0), "hi");
    EXPECT_EQ(body.inputs[0].tensor.string_at(1), "x");
  }
}

TEST(PredictJsonTest, ReadsNumbersThatJsonHasNot) {
  const PredictJson body = Decoded(
      R"({"instances": [[NaN, Infinity], [-Infinity , 1], [2, NaN]], "signature_name": "serving_default"})",
      kFloats);
  ASSERT_EQ(body.inputs.size(), 1U);
  const auto values = ValuesOf<float>(body.inputs[0].tensor);
  ASSERT_EQ(values.size(), 6U);
  EXPECT_TRUE(std::isnan(values[0]));
  EXPECT_EQ(values[1], std::numeric_limits<float>::infinity());
  EXPECT_EQ(values[2], -std::numeric_limits<float>::infinity());
  EXPECT_EQ(values[3], 1);
  EXPECT_TRUE(std::isnan(values[5]));
  EXPECT_EQ(Decoded(R"({"inputs": [[NaN, 1]]})", kFloats).inputs.size(), 1U);
  const Signature scalar = Taking({Spec("x", DType::kFp64, Shape{})});
  EXPECT_TRUE(std::isnan(
      ValuesOf<double>(Decoded(R"({"inputs": NaN})", scalar).inputs.at(0).tensor).at(0)));
}

struct RefusalCase {
  const char* body;
  const Signature& signature;
  const char* message;
};

TEST(PredictJsonTest, RefusesInTfServingsWords) {
  const RefusalCase cases[] = {
      {"", kFloats, "JSON Parse error: The document is empty"},
      {"instances = [1, 2]", kFloats, "JSON Parse error: Invalid value. at offset: 0"},
      {R"({"instances": [1 2]})", kFloats,
       "JSON Parse error: Missing a comma or ] after an array element. at offset: 17"},
      {"[1]", kFloats, "JSON Value: [\n    1\n] Is not object"},
      {"{}", kFloats, "Missing 'inputs' or 'instances' key"},
      {R"({"signature_name": 5, "instances": [[1, 2]]})", kFloats,
       "'signature_name' key must be a string value."},
      {R"({"instances": [[1, 2]], "signature_name": "x"})", kFloats,
       "Serving signature name: \"x\" not found in signature def"},
      {R"({"instances": [[1, 2]], "inputs": [[1, 2]]})", kFloats,
       "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist "},
      {R"({"instances": 5})", kFloats, "Excepting 'instances' to be an list/array"},
      {R"({"instances": []})", kFloats, "No values in 'instances' array"},
      {R"({"instances": [["1", 2]]})", kFloats,
       "Failed to process element: 0 of 'instances' list. Error: INVALID_ARGUMENT: JSON Value: "
       "\"1\" Type: String is not of expected type: float"},
      {R"({"inputs": [[true, 2]]})", kFloats,
       "JSON Value: true Type: True is not of expected type: float"},
      {R"({"inputs": [[null, 2]]})", kFloats,
       "JSON Value: null Type: Null is not of expected type: float"},
      {R"({"inputs": [[1e39, 2]]})", kFloats,
       "Cannot convert JSON value: 1e39 to float without loss of precision."},
      {R"({"inputs": {"a": [1], "b": [[1.0, 2]]}})", kTwo,
       "JSON Value: 1.0 Type: Number is not of expected type: int32"},
      {R"({"inputs": {"a": [1], "b": [[1, 2147483648]]}})", kTwo,
       "JSON Value: 2147483648 Type: Number is not of expected type: int32"},
      {R"({"inputs": {"a": [1]}})", kTwo, "Missing named input: b in 'inputs' object."},
      {R"({"inputs": [1]})", kTwo,
       "inputs is a plain value/list, but expecting an object as multiple input tensors required "
       "as per tensorinfo_map"},
      {R"({"instances": [1]})", kTwo,
       "instances is a plain list, but expecting list of objects as multiple input tensors "
       "required as per tensorinfo_map"},
      {R"({"instances": [{"a": 1, "b": [1, 2]}, [1]]})", kTwo,
       "Expecting object but got list at item 1 of input list"},
      {R"({"instances": [[1, 2], {"x": [1, 2]}]})", kFloats,
       "Expecting value/list but got object at item 1 of input list"},
      {R"({"instances": [{"a": 1}]})", kTwo, " keys must be equal to: a,b"},
      {R"({"instances": [{"a": 1, "b": [1, 2], "c": 0}]})", kTwo,
       "Failed to process element: 0 key: c of 'instances' list. Error: INVALID_ARGUMENT: JSON "
       "object: does not have named input: c"},
      {R"({"instances": [{"a": 1, "b": [1, 2]}, {"a": 1, "b": [1]}]})", kTwo,
       "Failed to process element: 1 key: b of 'instances' list. Error: INVALID_ARGUMENT: "
       "Expecting tensor size: 2 but got: 1"},
      {R"({"inputs": [[1, 2], [3]]})", kFloats,
       "Encountered list at unexpected size: 1 at level: 1 expected size: 2"},
      {R"({"inputs": [[1, 2], 3]})", kFloats,
       "JSON Value: 3 found at incorrect level: 2 in the JSON DOM. Expected at level: 2"},
      {R"({"inputs": [[1, [2]]]})", kFloats,
       "Encountered list at unexpected level: 2 expected < 2"},
      {R"({"inputs": [[1, {"b64": "aGk="}]]})", kFloats,
       "Type: Object is not of expected type: float"},
  };
  for (const auto& [body, signature, message] : cases)
    EXPECT_THAT(ErrorOf(body, signature), HasSubstr(message)) << body;
  const Signature strings = Taking({Spec("s", DType::kBytes, Shape{-1})});
  EXPECT_THAT(ErrorOf(R"({"inputs": [{"b64": 5}]})", strings),
              HasSubstr("not formatted correctly for base64 data"));
  EXPECT_EQ(ErrorOf(R"({"inputs": [{"b64": "%"}]})", strings), "Unable to base64 decode");
  const Signature truth = Taking({Spec("t", DType::kBool, Shape{-1})});
  EXPECT_THAT(ErrorOf(R"({"inputs": [0]})", truth), HasSubstr("is not of expected type: bool"));
}

TEST(PredictJsonTest, ShapesThatTheModelDoesNotTakeAreRefused) {
  EXPECT_THAT(ErrorOf(R"({"instances": [[1, 2, 3]]})", kFloats), HasSubstr("[-1,2]"));
  const Signature fixed = Taking({Spec("x", DType::kFp32, Shape{2})});
  EXPECT_THAT(ErrorOf(R"({"instances": [1, 2]})", fixed), HasSubstr("no batch dimension"));
  EXPECT_EQ(Decoded(R"({"inputs": [1, 2]})", fixed).inputs.size(), 1U);
}

TEST(PredictJsonTest, LargeBodiesAreRefusedWithoutASecondLook) {
  std::string body = R"({"inputs": [[1, "x"])";
  for (int i = 0; i < 60'000; ++i) body += ", [1, 2]";
  EXPECT_THAT(ErrorOf(body + "]}", kFloats), HasSubstr("input 'x'"));
}

Tensor Floats(const Shape& shape, std::vector<float> values) {
  auto tensor = Tensor::Allocate(DType::kFp32, shape);
  std::ranges::copy(values, tensor->mutable_values<float>().begin());
  return *tensor;
}

std::string Encoded(const std::vector<NamedTensor>& outputs, JsonFormat format) {
  const auto text = EncodePredictJson(outputs, format);
  return text ? *text : text.error().message;
}

TEST(PredictJsonTest, AnswersInTheFormOfTheRequest) {
  const NamedTensor y{"y", Floats({2, 2}, {1, 2.5, 3, std::nanf("")})};
  const NamedTensor z{"z", Floats({2}, {5, 6})};
  EXPECT_EQ(Encoded({y}, JsonFormat::kRows), R"({"predictions":[[1.0,2.5],[3.0,NaN]]})");
  EXPECT_EQ(Encoded({y}, JsonFormat::kColumns), R"({"outputs":[[1.0,2.5],[3.0,NaN]]})");
  EXPECT_EQ(Encoded({y, z}, JsonFormat::kRows),
            R"({"predictions":[{"y":[1.0,2.5],"z":5.0},{"y":[3.0,NaN],"z":6.0}]})");
  EXPECT_EQ(Encoded({y, z}, JsonFormat::kColumns),
            R"({"outputs":{"y":[[1.0,2.5],[3.0,NaN]],"z":[5.0,6.0]}})");
}

TEST(PredictJsonTest, OutputsOfBytesAreBase64) {
  const std::vector<std::string> texts = {"hi"};
  const NamedTensor bytes{"image_bytes", Tensor::OfStrings({1}, texts)};
  const NamedTensor text{"text", Tensor::OfStrings({1}, texts)};
  EXPECT_EQ(Encoded({bytes}, JsonFormat::kRows), R"({"predictions":[{"b64":"aGk="}]})");
  EXPECT_EQ(Encoded({bytes, text}, JsonFormat::kRows),
            R"({"predictions":[{"image_bytes":{"b64":"aGk="},"text":"hi"}]})");
}

TEST(PredictJsonTest, RowsNeedOneOfEveryOutput) {
  const NamedTensor y{"y", Floats({2}, {1, 2})};
  const NamedTensor z{"z", Floats({1}, {5})};
  const NamedTensor s{"s", Floats({}, {5})};
  EXPECT_EQ(Encoded({y, z}, JsonFormat::kRows),
            "Tensor name: z has inconsistent batch size: 1 expecting: 2");
  EXPECT_EQ(Encoded({s}, JsonFormat::kRows), "Tensor name: s has no shape information ");
  EXPECT_EQ(Encoded({s}, JsonFormat::kColumns), R"({"outputs":5.0})");
  const NamedTensor none{"n", Floats({1'000'000'000, 0}, {})};
  EXPECT_EQ(Encoded({none, none}, JsonFormat::kRows), R"({"predictions":[]})");
}

}  // namespace
}  // namespace plinth::api::tfserving
