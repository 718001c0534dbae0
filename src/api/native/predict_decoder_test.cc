#include "api/native/predict_decoder.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/http.h"

namespace plinth::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TensorSpec Spec(std::string name, DType type, std::optional<Shape> shape) {
  TensorSpec spec{.name = std::move(name), .dtype = type, .shape = shape};
  if (spec.shape && spec.shape->rank() > 0 && (*spec.shape)[0] == -1) spec.batch_axis = 0;
  return spec;
}

Signature Of(std::vector<TensorSpec> inputs) {
  Signature signature;
  signature.inputs = std::move(inputs);
  return signature;
}

Signature One(DType type, std::optional<Shape> shape) { return Of({Spec("x", type, shape)}); }

// The bytes as the transport gives them, with the padding full of what would mislead a parser that
// reads it.
Buffer BodyOf(std::string_view json) {
  std::string text(json);
  text.append(net::HttpRequest::kBodyPadding, '}');
  return Buffer::FromString(std::move(text)).Slice(0, json.size());
}

Result<PredictBody> Decode(std::string_view json, const Signature& signature) {
  return DecodePredict(BodyOf(json), [&](std::string_view) { return &signature; });
}

Tensor Only(std::string_view json, const Signature& signature) {
  auto body = Decode(json, signature);
  if (!body) {
    ADD_FAILURE() << body.error().message;
    return {};
  }
  EXPECT_EQ(body->inputs.size(), 1U);
  return body->inputs.at(0).tensor;
}

std::string ErrorOf(std::string_view json, const Signature& signature) {
  const auto body = Decode(json, signature);
  if (body) {
    ADD_FAILURE() << "was accepted: " << json;
    return "";
  }
  EXPECT_EQ(body.error().code, Code::kInvalidArgument);
  return body.error().message;
}

std::string Inputs(std::string_view value) { return "{\"inputs\": " + std::string(value) + "}"; }

template <typename T>
std::vector<T> ValuesOf(const Tensor& tensor) {
  const auto values = tensor.values<T>();
  return {values.begin(), values.end()};
}

TEST(PredictDecoderTest, ReadsNestedArrays) {
  const Tensor tensor =
      Only(Inputs("[[1, 2.5, -3e2], [4, 5, 6]]"), One(DType::kFp64, Shape{-1, 3}));
  EXPECT_EQ(tensor.dtype(), DType::kFp64);
  EXPECT_EQ(tensor.shape(), (Shape{2, 3}));
  EXPECT_THAT(ValuesOf<double>(tensor), ElementsAre(1, 2.5, -300, 4, 5, 6));
}

TEST(PredictDecoderTest, ASingleRowBecomesABatchOfOne) {
  EXPECT_EQ(Only(Inputs("[1, 2, 3]"), One(DType::kFp32, Shape{-1, 3})).shape(), (Shape{1, 3}));
  EXPECT_EQ(Only(Inputs("\"text\""), One(DType::kBytes, Shape{-1})).shape(), (Shape{1}));
}

TEST(PredictDecoderTest, OnlyAModelWithABatchTakesASingleRow) {
  EXPECT_THAT(ErrorOf(Inputs("[1, 2, 3]"), One(DType::kFp32, Shape{2, 3})),
              HasSubstr("nested 1 deep, expected 2: the model's shape is [2,3]"));
  EXPECT_THAT(ErrorOf(Inputs("1"), One(DType::kFp32, Shape{-1, 3})), HasSubstr("nested 0 deep"));
}

TEST(PredictDecoderTest, ReadsScalars) {
  const Tensor tensor = Only(Inputs("7"), One(DType::kInt32, Shape{}));
  EXPECT_EQ(tensor.shape(), Shape{});
  EXPECT_THAT(ValuesOf<std::int32_t>(tensor), ElementsAre(7));
}

TEST(PredictDecoderTest, ReadsAnyRankWhereTheModelDoesNotSay) {
  EXPECT_EQ(Only(Inputs("[[[1], [2]]]"), One(DType::kFp32, std::nullopt)).shape(),
            (Shape{1, 2, 1}));
}

TEST(PredictDecoderTest, ReadsManyElements) {
  std::string value = "[";
  for (int row = 0; row < 500; ++row) {
    value += row > 0 ? ",[" : "[";
    for (int i = 0; i < 37; ++i) {
      if (i > 0) value += ',';
      value += std::to_string(row * 37 + i);
    }
    value += "]";
  }
  const Tensor tensor = Only(Inputs(value + "]"), One(DType::kInt64, Shape{-1, -1}));
  ASSERT_EQ(tensor.shape(), (Shape{500, 37}));
  for (std::int64_t i = 0; i < std::int64_t{500} * 37; ++i) {
    ASSERT_EQ(tensor.values<std::int64_t>()[static_cast<std::size_t>(i)], i);
  }
}

TEST(PredictDecoderTest, KeepsNoMoreMemoryThanAFewTimesTheBody) {
  std::string value = "[";
  for (int i = 0; i < 200'000; ++i) value += i > 0 ? ",0" : "0";
  // A text that begins with much air makes the reader expect more elements than come.
  const Tensor tensor =
      Only(Inputs(value + std::string(3'000'000, ' ') + "]"), One(DType::kFp64, Shape{-1}));
  EXPECT_EQ(tensor.data().size(), 200'000 * sizeof(double));
}

TEST(PredictDecoderTest, NullIsMissingInFloatsOnly) {
  const Tensor tensor = Only(Inputs("[null, 1]"), One(DType::kFp32, Shape{-1}));
  EXPECT_TRUE(std::isnan(tensor.values<float>()[0]));
  EXPECT_TRUE(std::isnan(Only(Inputs("[null]"), One(DType::kFp64, Shape{-1})).values<double>()[0]));
  EXPECT_TRUE(std::isnan(Fp16ToFloat(
      Only(Inputs("[null]"), One(DType::kFp16, Shape{-1})).values<std::uint16_t>()[0])));
  EXPECT_EQ(ErrorOf(Inputs("[1, null]"), One(DType::kInt8, Shape{-1})),
            "input 'x': inputs[1] is null, expected a whole number from -128 to 127 (INT8)");
  EXPECT_THAT(ErrorOf(Inputs("[null]"), One(DType::kBool, Shape{-1})), HasSubstr("is null"));
  EXPECT_THAT(ErrorOf(Inputs("[null]"), One(DType::kBytes, Shape{-1})), HasSubstr("is null"));
}

TEST(PredictDecoderTest, BareNaNAndInfinityAreRefusedWithAHint) {
  const Signature signature = One(DType::kFp32, Shape{-1, 2});
  for (const char* token : {"NaN", "Infinity", "-Infinity", "nan", "inf"}) {
    EXPECT_THAT(
        ErrorOf(Inputs("[[1, 2], [3, " + std::string(token) + "]]"), signature),
        StartsWith("input 'x': inputs[1][1] is " + std::string(token) + ", expected a number"));
    EXPECT_THAT(ErrorOf(Inputs("[[1, 2], [3, " + std::string(token) + "]]"), signature),
                HasSubstr("write null for a missing value"));
  }
}

TEST(PredictDecoderTest, RaggedArraysAreRefused) {
  const Signature open = One(DType::kFp32, Shape{-1, -1});
  EXPECT_EQ(
      ErrorOf(Inputs("[[1, 2], [3]]"), open),
      "input 'x': inputs[1] has 1 element, the arrays before it have 2: all must be of one size");
  EXPECT_THAT(ErrorOf(Inputs("[[1, 2], 3]"), open),
              HasSubstr("inputs[1] is 3, expected an array like the ones before it"));
  EXPECT_THAT(ErrorOf(Inputs("[1, [2]]"), One(DType::kFp32, std::nullopt)),
              HasSubstr("inputs[1] is an array, expected a number"));
  EXPECT_THAT(ErrorOf(Inputs("[[], 1]"), One(DType::kFp32, std::nullopt)),
              HasSubstr("expected an array"));
  EXPECT_THAT(ErrorOf(Inputs("[[], [1]]"), One(DType::kFp32, std::nullopt)),
              HasSubstr("inputs[1] has 1"));
  EXPECT_THAT(ErrorOf(Inputs("[[], [[]]]"), One(DType::kFp32, std::nullopt)),
              HasSubstr("inputs[1] has 1"));
}

TEST(PredictDecoderTest, ShapesMustFit) {
  const Signature signature = One(DType::kFp32, Shape{-1, 3});
  EXPECT_EQ(
      ErrorOf(Inputs("[[1, 2, 3], [4, 5, 6, 7]]"), signature),
      "input 'x': inputs[1] has 4 elements, the arrays before it have 3: all must be of one size");
  EXPECT_EQ(ErrorOf(Inputs("[[1, 2]]"), signature),
            "input 'x': inputs[0] has 2 elements, expected 3: the model's shape is [-1,3]");
  EXPECT_THAT(ErrorOf(Inputs("[[[1, 2, 3]]]"), signature),
              HasSubstr("nested 3 deep, expected 2, or one less"));
  EXPECT_THAT(ErrorOf(Inputs("[1, 2]"), signature), HasSubstr("inputs has 2 elements, expected 3"));
}

TEST(PredictDecoderTest, EmptyArraysTakeTheModelsShape) {
  EXPECT_EQ(Only(Inputs("[]"), One(DType::kFp32, Shape{-1, 3})).shape(), (Shape{0, 3}));
  EXPECT_EQ(Only(Inputs("[]"), One(DType::kFp32, Shape{-1, -1})).shape(), (Shape{0, 0}));
  EXPECT_EQ(Only(Inputs("[[], []]"), One(DType::kFp32, Shape{-1, -1})).shape(), (Shape{2, 0}));
  EXPECT_EQ(Only(Inputs("[]"), One(DType::kBytes, Shape{-1})).shape(), (Shape{0}));
  EXPECT_EQ(Only(Inputs("[]"), One(DType::kAny, std::nullopt)).shape(), (Shape{0}));
  EXPECT_THAT(ErrorOf(Inputs("[[]]"), One(DType::kFp32, Shape{-1, 3})),
              HasSubstr("has shape [1,0], expected [-1,3]"));
}

TEST(PredictDecoderTest, IntegersHaveLimits) {
  const auto accepts = [](DType type, const std::string& value) {
    return Decode(Inputs(std::string("[").append(value).append("]")), One(type, Shape{-1}))
        .has_value();
  };
  EXPECT_TRUE(accepts(DType::kInt8, "127"));
  EXPECT_FALSE(accepts(DType::kInt8, "128"));
  EXPECT_TRUE(accepts(DType::kInt8, "-128"));
  EXPECT_FALSE(accepts(DType::kInt8, "-129"));
  EXPECT_FALSE(accepts(DType::kUint8, "-1"));
  EXPECT_TRUE(accepts(DType::kUint8, "255"));
  EXPECT_FALSE(accepts(DType::kUint16, "65536"));
  EXPECT_TRUE(accepts(DType::kUint32, "4294967295"));
  EXPECT_FALSE(accepts(DType::kInt32, "2147483648"));
  EXPECT_TRUE(accepts(DType::kInt64, "-9223372036854775808"));
  EXPECT_FALSE(accepts(DType::kInt64, "9223372036854775808"));
  EXPECT_TRUE(accepts(DType::kUint64, "18446744073709551615"));
  EXPECT_FALSE(accepts(DType::kUint64, "18446744073709551616"));
  EXPECT_FALSE(accepts(DType::kUint64, "-1"));
  EXPECT_THAT(ErrorOf(Inputs("[0, 300]"), One(DType::kUint8, Shape{-1})),
              HasSubstr("inputs[1] is 300, expected a whole number from 0 to 255 (UINT8)"));
}

TEST(PredictDecoderTest, WholeNumbersMayBeWrittenAsReals) {
  const Signature signature = One(DType::kInt32, Shape{-1});
  EXPECT_THAT(ValuesOf<std::int32_t>(Only(Inputs("[1.0, -2e3, 0.5e1]"), signature)),
              ElementsAre(1, -2000, 5));
  EXPECT_THAT(ErrorOf(Inputs("[1.5]"), signature), HasSubstr("inputs[0] is 1.5"));
  // 2^53 + 1: as a double it would be another number.
  EXPECT_THAT(ErrorOf(Inputs("[9007199254740993.0, 1e300]"), One(DType::kInt64, Shape{-1})),
              HasSubstr("inputs[1] is 1e300"));
}

TEST(PredictDecoderTest, FloatsMustFitTheirType) {
  EXPECT_THAT(ErrorOf(Inputs("[1e39]"), One(DType::kFp32, Shape{-1})),
              HasSubstr("inputs[0] is 1e39, expected a number that fits FP32"));
  EXPECT_THAT(ErrorOf(Inputs("[1e400]"), One(DType::kFp64, Shape{-1})), HasSubstr("fits FP64"));
  EXPECT_THAT(ErrorOf(Inputs("[70000]"), One(DType::kFp16, Shape{-1})), HasSubstr("fits FP16"));
  const Tensor half = Only(Inputs("[1.5, 65504]"), One(DType::kFp16, Shape{-1}));
  EXPECT_EQ(Fp16ToFloat(half.values<std::uint16_t>()[0]), 1.5F);
  EXPECT_EQ(Fp16ToFloat(half.values<std::uint16_t>()[1]), 65504.0F);
  const Tensor brain = Only(Inputs("[-2.5, 1e38]"), One(DType::kBf16, Shape{-1}));
  EXPECT_EQ(Bf16ToFloat(brain.values<std::uint16_t>()[0]), -2.5F);
}

TEST(PredictDecoderTest, ReadsBooleans) {
  const Signature signature = One(DType::kBool, Shape{-1});
  EXPECT_THAT(ValuesOf<std::uint8_t>(Only(Inputs("[true, false, 1, 0]"), signature)),
              ElementsAre(1, 0, 1, 0));
  EXPECT_THAT(ErrorOf(Inputs("[true, 2]"), signature),
              HasSubstr("inputs[1] is 2, expected true, false"));
  EXPECT_THAT(ErrorOf(Inputs("[\"true\"]"), signature), HasSubstr("is \"true\""));
  EXPECT_THAT(ErrorOf(Inputs("[true]"), One(DType::kFp32, Shape{-1})), HasSubstr("is true"));
}

TEST(PredictDecoderTest, ReadsStringsAndBytes) {
  const Tensor tensor = Only(Inputs(R"([["a\u00e9\n", ""], [{"b64": "AP8="}, {"b64": ""}]])"),
                             One(DType::kBytes, Shape{-1, 2}));
  ASSERT_EQ(tensor.shape(), (Shape{2, 2}));
  EXPECT_EQ(tensor.string_at(0), "a\xC3\xA9\n");
  EXPECT_EQ(tensor.string_at(1), "");
  EXPECT_EQ(tensor.string_at(2), std::string_view("\0\xFF", 2));
  EXPECT_EQ(tensor.string_at(3), "");
}

TEST(PredictDecoderTest, Base64StandsWhereverAnElementMay) {
  const Signature batch = One(DType::kBytes, Shape{-1});
  EXPECT_EQ(Only(Inputs(R"([{"b64": "aGk="}, "x"])"), batch).string_at(0), "hi");
  EXPECT_EQ(Only(Inputs(R"({ "b64" : "aGk=" })"), batch).string_at(0), "hi");
  EXPECT_EQ(Only(Inputs(R"({"x": {"b64": "aGk="}})"), batch).string_at(0), "hi");
}

TEST(PredictDecoderTest, RefusesBadBytes) {
  const Signature signature = One(DType::kBytes, Shape{-1});
  EXPECT_THAT(ErrorOf(Inputs(R"(["a", {"b64": "?"}])"), signature),
              HasSubstr("inputs[1].b64 is not valid"));
  EXPECT_THAT(ErrorOf(Inputs(R"(["a", {"b64": 1}])"), signature),
              HasSubstr("inputs[1] is an object"));
  EXPECT_THAT(ErrorOf(Inputs(R"(["a", {"c": "aGk="}])"), signature),
              HasSubstr("inputs[1] is an object"));
  EXPECT_THAT(ErrorOf(Inputs(R"(["a", {}])"), signature), HasSubstr("empty object"));
  EXPECT_THAT(ErrorOf(Inputs(R"([{"b64": "aGk=", "b64": "aGk="}])"), signature),
              HasSubstr("is an object"));
  EXPECT_THAT(ErrorOf(Inputs("[1]"), signature), HasSubstr("inputs[0] is 1, expected a string"));
  EXPECT_THAT(ErrorOf(Inputs(R"([["bad \x escape"]])"), One(DType::kBytes, Shape{-1, 1})),
              HasSubstr("not valid JSON"));
}

TEST(PredictDecoderTest, AnUndeclaredTypeIsTakenFromTheValues) {
  const Signature signature = One(DType::kAny, std::nullopt);
  EXPECT_EQ(Only(Inputs("[1, 2]"), signature).dtype(), DType::kInt64);
  EXPECT_EQ(Only(Inputs("[true]"), signature).dtype(), DType::kBool);
  EXPECT_EQ(Only(Inputs("[\"a\"]"), signature).dtype(), DType::kBytes);
  EXPECT_EQ(Only(Inputs("[0.5]"), signature).dtype(), DType::kFp32);
  EXPECT_EQ(Only(Inputs("[null]"), signature).dtype(), DType::kFp32);
  const Tensor mixed = Only(Inputs("[1, 2, 2.5, null, 7]"), signature);
  ASSERT_EQ(mixed.dtype(), DType::kFp32);
  EXPECT_EQ(mixed.values<float>()[0], 1.0F);
  EXPECT_EQ(mixed.values<float>()[1], 2.0F);
  EXPECT_EQ(mixed.values<float>()[2], 2.5F);
  EXPECT_TRUE(std::isnan(mixed.values<float>()[3]));
  EXPECT_EQ(mixed.values<float>()[4], 7.0F);
  EXPECT_THAT(ErrorOf(Inputs("[1, \"a\"]"), signature), HasSubstr("inputs[1] is \"a\""));
  EXPECT_THAT(ErrorOf(Inputs("[1, 1e39]"), signature), HasSubstr("fits FP32"));
}

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
  EXPECT_EQ(body->version, "v1");
  EXPECT_THAT(body->outputs, ElementsAre("label", "p"));
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

TEST(PredictDecoderTest, DepthIsBounded) {
  const Signature signature = One(DType::kFp32, std::nullopt);
  EXPECT_EQ(
      Only(Inputs(std::string(16, '[') + "1" + std::string(16, ']')), signature).shape().rank(),
      16U);
  EXPECT_THAT(ErrorOf(Inputs(std::string(17, '[') + "1" + std::string(17, ']')), signature),
              HasSubstr("nested deeper than the 16 dimensions"));
  EXPECT_NE(ErrorOf(Inputs(std::string(100'000, '[') + std::string(100'000, ']')), signature), "");
}

class PredictVersionsTest : public ::testing::Test {
 protected:
  Result<PredictBody> Decode(std::string_view json) {
    return DecodePredict(BodyOf(json),
                         [this](std::string_view version) -> Result<const Signature*> {
                           asked_.emplace_back(version);
                           const auto it = versions_.find(std::string(version));
                           if (it == versions_.end())
                             return Fail(Code::kNotFound, "no version " + std::string(version));
                           return &it->second;
                         });
  }

  std::map<std::string, Signature> versions_ = {{"", One(DType::kFp32, Shape{-1, 2})},
                                                {"v1", One(DType::kInt64, Shape{-1, 3})},
                                                {"v2", One(DType::kFp32, Shape{-1, 2})}};
  std::vector<std::string> asked_;
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
  EXPECT_EQ(body->version, "v1");
  EXPECT_THAT(body->outputs, ElementsAre("p"));
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
  EXPECT_EQ(body->version, "v2");
  EXPECT_THAT(asked_, ElementsAre("", "v2"));
}

TEST_F(PredictVersionsTest, TheNamedVersionNeedsNoDefault) {
  versions_.erase("");
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

}  // namespace
}  // namespace plinth::api
