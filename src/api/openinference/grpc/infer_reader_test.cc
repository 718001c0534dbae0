#include "api/openinference/grpc/infer_reader.h"

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/openinference/grpc/grpc_testing.h"
#include "api/openinference/raw.h"

namespace plinth::api::openinference {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Fields of ModelInferRequest and of its inputs.
constexpr std::uint32_t kId = 3;
constexpr std::uint32_t kParameters = 4;
constexpr std::uint32_t kInputs = 5;
constexpr std::uint32_t kOutputs = 6;
constexpr std::uint32_t kRaw = 7;
constexpr std::uint32_t kContents = 5;

TestMessage Input(std::string_view name, std::string_view type,
                  std::initializer_list<std::int64_t> shape) {
  return TestMessage().Text(1, name).Text(2, type).Numbers(3, shape);
}

TestMessage TextParameter(std::string_view text) { return TestMessage().Text(3, text); }

class InferReaderTest : public testing::Test {
 protected:
  Result<InferBody> Read(const TestMessage& message, std::string_view sticky = "") {
    message_ = MessageOf(message.bytes());
    return ReadInferBody(message_, "m", sticky, memory_);
  }
  std::string ErrorOf(const TestMessage& message, Code code = Code::kInvalidArgument) {
    const auto body = Read(message);
    if (body) {
      ADD_FAILURE() << "was accepted";
      return "";
    }
    EXPECT_EQ(body.error().code, code);
    return body.error().message;
  }
  // The elements of the only input, whose contents are these.
  template <typename T>
  std::vector<T> Contents(std::string_view type, std::int64_t count, const TestMessage& contents) {
    const auto body = Read(
        TestMessage().Message(kInputs, Input("x", type, {count}).Message(kContents, contents)));
    if (!body) {
      ADD_FAILURE() << body.error().message;
      return {};
    }
    const GivenInput& input = body->inputs.at(0);
    const auto tensor =
        TensorOfRaw(*input.dtype, input.shape, std::get<Buffer>(input.data), "x", "m");
    if (!tensor) {
      ADD_FAILURE() << tensor.error().message;
      return {};
    }
    const auto values = tensor->values<T>();
    return {values.begin(), values.end()};
  }

  SharedMemory memory_{true};
  Buffer message_;
};

TEST_F(InferReaderTest, ReadsWhomItIsFor) {
  const auto head =
      ReadInferHead(TestMessage().Text(7, "x").Text(3, "id").Text(1, "m").Text(2, "4").bytes());
  ASSERT_TRUE(head);
  EXPECT_EQ(head->model, "m");
  EXPECT_EQ(head->version, "4");
  EXPECT_EQ(head->id, "id");
  EXPECT_FALSE(ReadInferHead("\x0a\xff"));
}

// Inputs are where they were received.
TEST_F(InferReaderTest, RawContentsAreSlicesOfTheMessage) {
  const auto body = Read(TestMessage()
                             .Text(kId, "7")
                             .Message(kInputs, Input("a", "FP32", {1, 2}))
                             .Message(kInputs, Input("b", "BYTES", {1}))
                             .Message(kOutputs, TestMessage().Text(1, "y"))
                             .Text(kRaw, BytesOf({1, 2}))
                             .Text(kRaw, std::string("\x01\0\0\0z", 5)));
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(body->id, "7");
  ASSERT_EQ(body->inputs.size(), 2U);
  EXPECT_EQ(body->inputs[0].name, "a");
  EXPECT_EQ(body->inputs[0].dtype, DType::kFp32);
  EXPECT_EQ(body->inputs[0].shape, (Shape{1, 2}));
  const Buffer& raw = std::get<Buffer>(body->inputs[0].data);
  EXPECT_EQ(raw.size(), 8U);
  EXPECT_GE(raw.data(), message_.data());
  EXPECT_LT(raw.data(), message_.data() + message_.size());
  EXPECT_EQ(std::get<Buffer>(body->inputs[1].data).size(), 5U);
  ASSERT_EQ(body->outputs.size(), 1U);
  EXPECT_EQ(body->outputs[0].name, "y");
}

TEST_F(InferReaderTest, ReadsTypedContents) {
  EXPECT_THAT(Contents<float>("FP32", 2, TestMessage().Floats(6, {1.5F, -2})),
              ElementsAre(1.5F, -2));
  EXPECT_THAT(Contents<std::int32_t>("INT32", 2, TestMessage().Numbers(2, {-1, 7})),
              ElementsAre(-1, 7));
  EXPECT_THAT(Contents<std::int8_t>("INT8", 2, TestMessage().Numbers(2, {-1, 300})),
              ElementsAre(-1, 44));
  EXPECT_THAT(Contents<std::int64_t>("INT64", 1, TestMessage().Numbers(3, {-5})), ElementsAre(-5));
  EXPECT_THAT(Contents<std::uint16_t>("UINT16", 1, TestMessage().Numbers(4, {65535})),
              ElementsAre(65535));
  EXPECT_THAT(Contents<std::uint64_t>("UINT64", 1, TestMessage().Numbers(5, {9})), ElementsAre(9));
  EXPECT_THAT(Contents<std::uint8_t>("BOOL", 3, TestMessage().Numbers(1, {1, 0, 2})),
              ElementsAre(1, 0, 1));
  // Not packed, as older clients write them.
  EXPECT_THAT(Contents<std::int32_t>("INT32", 2, TestMessage().Number(2, 3).Number(2, -4)),
              ElementsAre(3, -4));
  EXPECT_THAT(Contents<float>("FP32", 3, TestMessage().Floats(6, {1}).Floats(6, {2, 3})),
              ElementsAre(1, 2, 3));
}

TEST_F(InferReaderTest, ReadsStrings) {
  const auto body = Read(TestMessage().Message(
      kInputs,
      Input("x", "BYTES", {2}).Message(kContents, TestMessage().Text(8, "ab").Text(8, ""))));
  ASSERT_TRUE(body);
  const auto tensor =
      TensorOfRaw(DType::kBytes, {2}, std::get<Buffer>(body->inputs[0].data), "x", "m");
  ASSERT_TRUE(tensor);
  EXPECT_EQ(tensor->string_at(0), "ab");
  EXPECT_EQ(tensor->string_at(1), "");
}

TEST_F(InferReaderTest, ReadsParameters) {
  const auto body = Read(
      TestMessage()
          .Entry(kParameters, "priority", TestMessage().Number(5, 1))
          .Entry(kParameters, "timeout", TestMessage().Number(2, 5000))
          .Entry(kParameters, "user", TextParameter("anna"))
          .Entry(kParameters, "triton_enable_empty_final_response", TestMessage().Truth(1, true)),
      "user");
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(body->priority, Priority::kHigh);
  EXPECT_EQ(body->timeout, std::chrono::milliseconds(5));
  EXPECT_EQ(body->sticky_key, "anna");
}

TEST_F(InferReaderTest, RefusesWhatDoesNotFitTogether) {
  const auto input = [] { return Input("x", "FP32", {1}); };
  const TestMessage floats = TestMessage().Floats(6, {1});
  EXPECT_EQ(ErrorOf(TestMessage().Message(kInputs, input())),
            "unable to find data for input tensor 'x' for model 'm' in request.");
  EXPECT_EQ(ErrorOf(TestMessage()
                        .Message(kInputs, input().Message(kContents, floats))
                        .Text(kRaw, BytesOf({1}))),
            "contents field must not be specified when using raw_input_contents for 'x' for model "
            "'m'");
  EXPECT_THAT(ErrorOf(TestMessage()
                          .Message(kInputs, input())
                          .Text(kRaw, BytesOf({1}))
                          .Text(kRaw, BytesOf({1}))),
              HasSubstr("expected 1 raw_input_contents for model 'm'"));
  EXPECT_THAT(
      ErrorOf(TestMessage().Message(kInputs, Input("x", "INT32", {1}).Message(kContents, floats))),
      HasSubstr("is INT32 and takes int_contents, not fp32_contents"));
  EXPECT_THAT(
      ErrorOf(TestMessage().Message(kInputs, Input("x", "FP16", {1}).Message(kContents, floats))),
      HasSubstr("is FP16 and takes raw_input_contents"));
  EXPECT_THAT(ErrorOf(TestMessage().Message(
                  kInputs, Input("x", "FP32", {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                               1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}))),
              HasSubstr("dimensions"));
  EXPECT_THAT(ErrorOf(TestMessage().Entry(kParameters, "p", TestMessage())),
              HasSubstr("parameter 'p' has no value"));
  EXPECT_THAT(ErrorOf(TestMessage().Entry(kParameters, "triton_x", TextParameter("1"))),
              HasSubstr("parameter keys starting with 'triton_' are reserved for Triton usage"));
  EXPECT_THAT(ErrorOf(TestMessage()
                          .Message(kOutputs, TestMessage().Text(1, "y"))
                          .Message(kOutputs, TestMessage().Text(1, "y"))),
              HasSubstr("output 'y' already exists in request"));
  EXPECT_THAT(ErrorOf(TestMessage().Message(
                          kInputs, input().Entry(4, "shared_memory_region", TextParameter("r"))),
                      Code::kNotFound),
              HasSubstr("'r'"));
}

// Whatever is cut off or changed, it is an error or another request, never more.
TEST_F(InferReaderTest, SurvivesBrokenMessages) {
  const std::string whole =
      TestMessage()
          .Text(kId, "7")
          .Entry(kParameters, "priority", TestMessage().Number(5, 1))
          .Message(kInputs,
                   Input("x", "INT32", {2}).Message(kContents, TestMessage().Numbers(2, {1, 2})))
          .Message(kOutputs, TestMessage().Text(1, "y").Entry(2, "classification",
                                                              TestMessage().Number(2, 3)))
          .bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    message_ = MessageOf(whole.substr(0, size));
    static_cast<void>(ReadInferBody(message_, "m", "", memory_));
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char byte : {'\0', '\x7f', '\xff'}) {
      std::string changed = whole;
      changed[at] = byte;
      message_ = MessageOf(changed);
      static_cast<void>(ReadInferBody(message_, "m", "", memory_));
      static_cast<void>(ReadInferHead(changed));
    }
  }
}

}  // namespace
}  // namespace plinth::api::openinference
