#include "api/native/raw_codec.h"

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/native/predict_testing.h"
#include "net/request_parser.h"

namespace plinth::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Buffer Zeros(std::size_t size) {
  Buffer buffer = Buffer::Allocate(size);
  if (size > 0) std::memset(buffer.mutable_data(), 0, size);
  return buffer;
}

Result<Tensor> Decode(const TensorSpec& spec, const Buffer& body, std::string_view shape = {},
                      std::string_view dtype = {}) {
  const auto description = ParseRawDescription(shape, dtype);
  if (!description) return Fail(description.error());
  return DecodeRawTensor(spec, body, *description);
}

Shape ShapeOf(const TensorSpec& spec, std::size_t size, std::string_view shape = {}) {
  const auto tensor = Decode(spec, Zeros(size), shape);
  if (!tensor) {
    ADD_FAILURE() << tensor.error().message;
    return {};
  }
  return tensor->shape();
}

std::string RefusalOf(const TensorSpec& spec, std::size_t size, std::string_view shape = {},
                      std::string_view dtype = {}) {
  const auto tensor = Decode(spec, Zeros(size), shape, dtype);
  if (tensor) return "was accepted";
  EXPECT_EQ(tensor.error().code, Code::kInvalidArgument);
  return tensor.error().message;
}

TEST(RawCodecTest, TheSizeTellsTheOpenDimension) {
  EXPECT_EQ(ShapeOf(Spec("x", DType::kFp32, Shape{-1, 3}), 24), (Shape{2, 3}));
  EXPECT_EQ(ShapeOf(Spec("x", DType::kInt8, Shape{2, -1}), 6), (Shape{2, 3}));
  EXPECT_EQ(ShapeOf(Spec("x", DType::kFp64, Shape{2, 2}), 32), (Shape{2, 2}));
  EXPECT_EQ(ShapeOf(Spec("x", DType::kFp64, Shape{}), 8), Shape{});
  EXPECT_EQ(ShapeOf(Spec("x", DType::kFp32, Shape{-1, 3}), 0), (Shape{0, 3}));
  EXPECT_EQ(ShapeOf(Spec("x", DType::kFp32, Shape{-1, 0}), 0), (Shape{0, 0}));
}

TEST(RawCodecTest, SizesThatDoNotFitAreNamed) {
  EXPECT_EQ(RefusalOf(Spec("x", DType::kFp32, Shape{-1, 3}), 25),
            "the body has 25 bytes, expected a multiple of 12: input 'x' is FP32 [-1,3]");
  EXPECT_EQ(RefusalOf(Spec("x", DType::kFp32, Shape{2, 3}), 1),
            "the body has 1 byte, expected 24: input 'x' is FP32 [2,3]");
  EXPECT_THAT(RefusalOf(Spec("x", DType::kFp32, Shape{-1, 0}), 4), HasSubstr("multiple of 0"));
  EXPECT_THAT(RefusalOf(Spec("x", DType::kFp64, Shape{-1, INT64_MAX}), 8),
              HasSubstr("more than there can be"));
}

TEST(RawCodecTest, SeveralOpenDimensionsNeedAShape) {
  const TensorSpec open = Spec("x", DType::kFp32, Shape{-1, -1});
  EXPECT_THAT(RefusalOf(open, 24), HasSubstr("name it in the header Plinth-Shape"));
  EXPECT_THAT(RefusalOf(Spec("x", DType::kFp32, std::nullopt), 24), HasSubstr("of any shape"));
  EXPECT_EQ(ShapeOf(open, 24, "2,3"), (Shape{2, 3}));
  EXPECT_EQ(ShapeOf(open, 24, "3, 2"), (Shape{3, 2}));
  EXPECT_EQ(ShapeOf(Spec("x", DType::kFp32, std::nullopt), 24, "6"), (Shape{6}));
}

TEST(RawCodecTest, AGivenShapeIsChecked) {
  const TensorSpec spec = Spec("x", DType::kFp32, Shape{-1, 3});
  EXPECT_EQ(RefusalOf(spec, 24, "2,4"), "Plinth-Shape is [2,4], but input 'x' is FP32 [-1,3]");
  EXPECT_EQ(
      RefusalOf(spec, 24, "3,3"),
      "the body has 24 bytes, expected 36: Plinth-Shape is [3,3] and input 'x' is FP32 [-1,3]");
  EXPECT_THAT(RefusalOf(Spec("x", DType::kFp32, std::nullopt), 24,
                        "9223372036854775807,9223372036854775807"),
              HasSubstr("more than there can be"));
  for (const char* text : {"a", "1,", ",1", "-1,3", "2;3", "2 3", "1.5", "99999999999999999999",
                           "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(RefusalOf(spec, 24, text), HasSubstr("expected at most 16 sizes"));
  }
}

TEST(RawCodecTest, TypesMustHaveASizeAndAgree) {
  EXPECT_THAT(RefusalOf(Spec("x", DType::kBytes, Shape{-1}), 24), HasSubstr("send JSON"));
  const TensorSpec any = Spec("x", DType::kAny, Shape{-1});
  EXPECT_THAT(RefusalOf(any, 24), HasSubstr("Plinth-Datatype: FP32"));
  EXPECT_THAT(RefusalOf(any, 24, "", "FP31"), HasSubstr("'FP31', expected one of BOOL"));
  EXPECT_THAT(RefusalOf(any, 24, "", "BYTES"), HasSubstr("send JSON"));
  EXPECT_EQ(Decode(any, Zeros(24), "", "INT16")->shape(), (Shape{12}));
  EXPECT_EQ(RefusalOf(Spec("x", DType::kFp32, Shape{-1}), 24, "", "INT32"),
            "Plinth-Datatype is INT32, but input 'x' is FP32 [-1]");
}

TEST(RawCodecTest, BooleansAreZeroOrOne) {
  const TensorSpec spec = Spec("x", DType::kBool, Shape{-1});
  EXPECT_TRUE(Decode(spec, Buffer::FromString(std::string("\0\1\1", 3))).has_value());
  const auto wrong = Decode(spec, Buffer::FromString(std::string("\0\1\2", 3)));
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().message, "byte 2 of the body is 2, expected 0 or 1: input 'x' is BOOL");
}

TEST(RawCodecTest, ARequestsBodyIsNotCopied) {
  for (const bool chunked : {false, true}) {
    std::string text = "POST /predict/m HTTP/1.1\r\nHost: x\r\n";
    text += chunked ? "Transfer-Encoding: chunked\r\n\r\n18\r\n" : "Content-Length: 24\r\n\r\n";
    text += std::string(24, '\0');
    if (chunked) text += "\r\n0\r\n\r\n";
    const net::ParserLimits limits;
    net::RequestParser parser(limits);
    ASSERT_EQ(parser.Parse(text), text.size());
    ASSERT_EQ(parser.state(), net::RequestParser::State::kComplete);
    const Buffer body = parser.Take().request.body;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(body.data()) % Buffer::kAlignment, 0U);
    const auto tensor = Decode(Spec("x", DType::kFp64, Shape{-1, 3}), body);
    ASSERT_TRUE(tensor.has_value()) << tensor.error().message;
    EXPECT_EQ(tensor->data().data(), body.data());
  }
}

TEST(RawCodecTest, TheInputIsTheOneThatIsRequired) {
  Signature signature =
      Of({Spec("a", DType::kFp32, Shape{-1}), Spec("b", DType::kFp32, Shape{-1})});
  const auto several = DecodeRawInput(signature, Zeros(8), {});
  ASSERT_FALSE(several.has_value());
  EXPECT_THAT(several.error().message, HasSubstr("2 inputs ('a', 'b')"));
  signature.inputs[0].optional = true;
  const auto input = DecodeRawInput(signature, Zeros(8), {});
  ASSERT_TRUE(input.has_value()) << input.error().message;
  EXPECT_EQ(input->name, "b");
  EXPECT_THAT(ValuesOf<float>(input->tensor), ElementsAre(0, 0));
}

TEST(RawCodecTest, ARawAnswerIsOneOutputOfFixedSize) {
  Signature signature;
  signature.outputs = {Spec("label", DType::kBytes, Shape{-1}), Spec("p", DType::kFp32, Shape{-1})};
  const auto several = CheckRawAnswer(signature, {});
  ASSERT_FALSE(several.has_value());
  EXPECT_EQ(several.error().code, Code::kInvalidArgument);
  EXPECT_THAT(several.error().message, HasSubstr("would be 2 ('label', 'p')"));
  EXPECT_FALSE(CheckRawAnswer(signature, {"p", "label"}).has_value());
  EXPECT_TRUE(CheckRawAnswer(signature, {"p"}).has_value());
  EXPECT_EQ(CheckRawAnswer(signature, {"label"}).error().code, Code::kNotAcceptable);
  signature.outputs.erase(signature.outputs.begin());
  EXPECT_TRUE(CheckRawAnswer(signature, {}).has_value());
}

}  // namespace
}  // namespace plinth::api
