#include "api/native/predict_encoder.h"

#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace plinth::api {
namespace {

template <typename T>
Tensor Of(DType type, const Shape& shape, const std::vector<T>& values) {
  Tensor tensor = *Tensor::Allocate(type, shape);
  if (!values.empty()) {
    std::memcpy(tensor.mutable_bytes().data(), values.data(), values.size() * sizeof(T));
  }
  return tensor;
}

std::string Encoded(const Tensor& tensor) {
  const std::vector<NamedTensor> outputs = {{"y", tensor}};
  const std::string text = EncodePrediction("m", "v1", outputs, 0);
  const std::string head = R"({"model":"m","version":"v1","outputs":)";
  const std::string tail = R"(,"latency_ms":0.000})";
  EXPECT_TRUE(text.starts_with(head) && text.ends_with(tail)) << text;
  return text.substr(head.size(), text.size() - head.size() - tail.size());
}

TEST(PredictEncoderTest, OneOutputIsAnArray) {
  EXPECT_EQ(Encoded(Of<float>(DType::kFp32, {2, 2}, {0.1F, 2, -3.5F, 1e-8F})),
            "[[0.1,2],[-3.5,1e-08]]");
}

TEST(PredictEncoderTest, SeveralOutputsAreAnObjectByName) {
  const std::vector<NamedTensor> outputs = {
      {"label", Of<std::int64_t>(DType::kInt64, {1}, {7})},
      {"probabilities", Of<double>(DType::kFp64, {1, 2}, {0.25, 0.75})}};
  EXPECT_EQ(
      EncodePrediction("digits", "v2", outputs, 1.23456),
      R"({"model":"digits","version":"v2","outputs":{"label":[7],"probabilities":[[0.25,0.75]]},)"
      R"("latency_ms":1.235})");
}

TEST(PredictEncoderTest, SaysWhetherTheAnswerWasCached) {
  EXPECT_EQ(EncodePrediction("m", "v1", {}, 0, true),
            R"({"model":"m","version":"v1","outputs":{},"latency_ms":0.000,"cached":true})");
}

TEST(PredictEncoderTest, NoOutputsAreAnEmptyObject) {
  EXPECT_EQ(EncodePrediction("m", "v1", {}, 0),
            R"({"model":"m","version":"v1","outputs":{},"latency_ms":0.000})");
}

TEST(PredictEncoderTest, ScalarsHaveNoBrackets) {
  EXPECT_EQ(Encoded(Of<std::int32_t>(DType::kInt32, {}, {-4})), "-4");
}

TEST(PredictEncoderTest, WritesEveryType) {
  EXPECT_EQ(Encoded(Of<std::uint8_t>(DType::kBool, {2}, {1, 0})), "[true,false]");
  EXPECT_EQ(Encoded(Of<std::int8_t>(DType::kInt8, {1}, {-128})), "[-128]");
  EXPECT_EQ(Encoded(Of<std::int16_t>(DType::kInt16, {1}, {-300})), "[-300]");
  EXPECT_EQ(Encoded(Of<std::uint8_t>(DType::kUint8, {1}, {255})), "[255]");
  EXPECT_EQ(Encoded(Of<std::uint16_t>(DType::kUint16, {1}, {65535})), "[65535]");
  EXPECT_EQ(Encoded(Of<std::uint32_t>(DType::kUint32, {1}, {4294967295U})), "[4294967295]");
  EXPECT_EQ(Encoded(Of<std::uint64_t>(DType::kUint64, {1}, {18446744073709551615U})),
            "[18446744073709551615]");
  EXPECT_EQ(Encoded(Of<std::uint16_t>(DType::kFp16, {2}, {FloatToFp16(1.5F), FloatToFp16(-2)})),
            "[1.5,-2]");
  EXPECT_EQ(Encoded(Of<std::uint16_t>(DType::kBf16, {1}, {FloatToBf16(0.5F)})), "[0.5]");
}

TEST(PredictEncoderTest, NotANumberIsNull) {
  EXPECT_EQ(Encoded(Of<float>(
                DType::kFp32, {2},
                {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})),
            "[null,null]");
}

TEST(PredictEncoderTest, BytesAreTextWhereTheyCanBe) {
  const std::vector<std::string> strings = {"caf\xC3\xA9 \"x\"", "\xFF\x01", ""};
  EXPECT_EQ(Encoded(Tensor::OfStrings({3}, strings)),
            "[\"caf\xC3\xA9 \\\"x\\\"\",{\"b64\":\"/wE=\"},\"\"]");
}

TEST(PredictEncoderTest, EmptyDimensionsKeepTheirArrays) {
  EXPECT_EQ(Encoded(Of<float>(DType::kFp32, {0}, {})), "[]");
  EXPECT_EQ(Encoded(Of<float>(DType::kFp32, {2, 0}, {})), "[[],[]]");
  EXPECT_EQ(Encoded(Of<float>(DType::kFp32, {0, 2}, {})), "[]");
}

TEST(PredictEncoderTest, AnEmptyTensorIsNoLongText) {
  EXPECT_EQ(Encoded(Of<float>(DType::kFp32, {1'000'000'000'000, 0}, {})), "[]");
}

TEST(PredictEncoderTest, SlicesAreWrittenFromTheirOwnBeginning) {
  const Tensor whole = Of<float>(DType::kFp32, {3, 1}, {1, 2, 3});
  EXPECT_EQ(Encoded(whole.SliceRows(1, 2)), "[[2],[3]]");
  const std::vector<std::string> strings = {"a", "b", "c"};
  EXPECT_EQ(Encoded(Tensor::OfStrings({3}, strings).SliceRows(2, 1)), "[\"c\"]");
}

}  // namespace
}  // namespace plinth::api
