// The values of inputs, through the whole decoder: a reader alone has no document to read.
#include "api/json/tensor_reader.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/native/predict_testing.h"

namespace plinth::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(PredictValuesTest, ReadsNestedArrays) {
  const Tensor tensor =
      Only(Inputs("[[1, 2.5, -3e2], [4, 5, 6]]"), One(DType::kFp64, Shape{-1, 3}));
  EXPECT_EQ(tensor.dtype(), DType::kFp64);
  EXPECT_EQ(tensor.shape(), (Shape{2, 3}));
  EXPECT_THAT(ValuesOf<double>(tensor), ElementsAre(1, 2.5, -300, 4, 5, 6));
}

TEST(PredictValuesTest, ASingleRowBecomesABatchOfOne) {
  EXPECT_EQ(Only(Inputs("[1, 2, 3]"), One(DType::kFp32, Shape{-1, 3})).shape(), (Shape{1, 3}));
  EXPECT_EQ(Only(Inputs("\"text\""), One(DType::kBytes, Shape{-1})).shape(), (Shape{1}));
}

TEST(PredictValuesTest, OnlyAModelWithABatchTakesASingleRow) {
  EXPECT_THAT(ErrorOf(Inputs("[1, 2, 3]"), One(DType::kFp32, Shape{2, 3})),
              HasSubstr("nested 1 deep, expected 2: the model's shape is [2,3]"));
  EXPECT_THAT(ErrorOf(Inputs("1"), One(DType::kFp32, Shape{-1, 3})), HasSubstr("nested 0 deep"));
}

TEST(PredictValuesTest, ReadsScalars) {
  const Tensor tensor = Only(Inputs("7"), One(DType::kInt32, Shape{}));
  EXPECT_EQ(tensor.shape(), Shape{});
  EXPECT_THAT(ValuesOf<std::int32_t>(tensor), ElementsAre(7));
}

TEST(PredictValuesTest, ReadsAnyRankWhereTheModelDoesNotSay) {
  EXPECT_EQ(Only(Inputs("[[[1], [2]]]"), One(DType::kFp32, std::nullopt)).shape(),
            (Shape{1, 2, 1}));
}

TEST(PredictValuesTest, ReadsManyElements) {
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

TEST(PredictValuesTest, KeepsNoMoreMemoryThanAFewTimesTheBody) {
  std::string value = "[";
  for (int i = 0; i < 200'000; ++i) value += i > 0 ? ",0" : "0";
  // A text that begins with much air makes the reader expect more elements than come.
  const Tensor tensor =
      Only(Inputs(value + std::string(3'000'000, ' ') + "]"), One(DType::kFp64, Shape{-1}));
  EXPECT_EQ(tensor.data().size(), 200'000 * sizeof(double));
}

TEST(PredictValuesTest, NullIsMissingInFloatsOnly) {
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

TEST(PredictValuesTest, BareNaNAndInfinityAreRefusedWithAHint) {
  const Signature signature = One(DType::kFp32, Shape{-1, 2});
  for (const char* token : {"NaN", "Infinity", "-Infinity", "nan", "inf"}) {
    EXPECT_THAT(
        ErrorOf(Inputs("[[1, 2], [3, " + std::string(token) + "]]"), signature),
        StartsWith("input 'x': inputs[1][1] is " + std::string(token) + ", expected a number"));
    EXPECT_THAT(ErrorOf(Inputs("[[1, 2], [3, " + std::string(token) + "]]"), signature),
                HasSubstr("write null for a missing value"));
  }
}

TEST(PredictValuesTest, RaggedArraysAreRefused) {
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

TEST(PredictValuesTest, ShapesMustFit) {
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

TEST(PredictValuesTest, EmptyArraysTakeTheModelsShape) {
  EXPECT_EQ(Only(Inputs("[]"), One(DType::kFp32, Shape{-1, 3})).shape(), (Shape{0, 3}));
  EXPECT_EQ(Only(Inputs("[]"), One(DType::kFp32, Shape{-1, -1})).shape(), (Shape{0, 0}));
  EXPECT_EQ(Only(Inputs("[[], []]"), One(DType::kFp32, Shape{-1, -1})).shape(), (Shape{2, 0}));
  EXPECT_EQ(Only(Inputs("[]"), One(DType::kBytes, Shape{-1})).shape(), (Shape{0}));
  EXPECT_EQ(Only(Inputs("[]"), One(DType::kAny, std::nullopt)).shape(), (Shape{0}));
  EXPECT_THAT(ErrorOf(Inputs("[[]]"), One(DType::kFp32, Shape{-1, 3})),
              HasSubstr("has shape [1,0], expected [-1,3]"));
}

TEST(PredictValuesTest, IntegersHaveLimits) {
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

TEST(PredictValuesTest, WholeNumbersMayBeWrittenAsReals) {
  const Signature signature = One(DType::kInt32, Shape{-1});
  EXPECT_THAT(ValuesOf<std::int32_t>(Only(Inputs("[1.0, -2e3, 0.5e1]"), signature)),
              ElementsAre(1, -2000, 5));
  EXPECT_THAT(ErrorOf(Inputs("[1.5]"), signature), HasSubstr("inputs[0] is 1.5"));
  // 2^53 + 1: as a double it would be another number.
  EXPECT_THAT(ErrorOf(Inputs("[9007199254740993.0, 1e300]"), One(DType::kInt64, Shape{-1})),
              HasSubstr("inputs[1] is 1e300"));
}

TEST(PredictValuesTest, FloatsMustFitTheirType) {
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

TEST(PredictValuesTest, ReadsBooleans) {
  const Signature signature = One(DType::kBool, Shape{-1});
  EXPECT_THAT(ValuesOf<std::uint8_t>(Only(Inputs("[true, false, 1, 0]"), signature)),
              ElementsAre(1, 0, 1, 0));
  EXPECT_THAT(ErrorOf(Inputs("[true, 2]"), signature),
              HasSubstr("inputs[1] is 2, expected true, false"));
  EXPECT_THAT(ErrorOf(Inputs("[\"true\"]"), signature), HasSubstr("is \"true\""));
  EXPECT_THAT(ErrorOf(Inputs("[true]"), One(DType::kFp32, Shape{-1})), HasSubstr("is true"));
}

TEST(PredictValuesTest, ReadsStringsAndBytes) {
  const Tensor tensor = Only(Inputs(R"([["a\u00e9\n", ""], [{"b64": "AP8="}, {"b64": ""}]])"),
                             One(DType::kBytes, Shape{-1, 2}));
  ASSERT_EQ(tensor.shape(), (Shape{2, 2}));
  EXPECT_EQ(tensor.string_at(0), "a\xC3\xA9\n");
  EXPECT_EQ(tensor.string_at(1), "");
  EXPECT_EQ(tensor.string_at(2), std::string_view("\0\xFF", 2));
  EXPECT_EQ(tensor.string_at(3), "");
}

TEST(PredictValuesTest, Base64StandsWhereverAnElementMay) {
  const Signature batch = One(DType::kBytes, Shape{-1});
  EXPECT_EQ(Only(Inputs(R"([{"b64": "aGk="}, "x"])"), batch).string_at(0), "hi");
  EXPECT_EQ(Only(Inputs(R"({ "b64" : "aGk=" })"), batch).string_at(0), "hi");
  EXPECT_EQ(Only(Inputs(R"({"x": {"b64": "aGk="}})"), batch).string_at(0), "hi");
}

TEST(PredictValuesTest, RefusesBadBytes) {
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

TEST(PredictValuesTest, AnUndeclaredTypeIsTakenFromTheValues) {
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

TEST(PredictValuesTest, DepthIsBounded) {
  const Signature signature = One(DType::kFp32, std::nullopt);
  EXPECT_EQ(
      Only(Inputs(std::string(16, '[') + "1" + std::string(16, ']')), signature).shape().rank(),
      16U);
  EXPECT_THAT(ErrorOf(Inputs(std::string(17, '[') + "1" + std::string(17, ']')), signature),
              HasSubstr("nested deeper than the 16 dimensions"));
  EXPECT_NE(ErrorOf(Inputs(std::string(100'000, '[') + std::string(100'000, ']')), signature), "");
}

}  // namespace
}  // namespace plinth::api
