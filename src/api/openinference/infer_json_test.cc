#include "api/openinference/infer_json.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/http.h"

namespace plinth::api::openinference {
namespace {

using namespace std::literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// The JSON with bytes behind it, as the transport gives them.
Result<InferBody> Read(std::string_view json, std::string_view tail = {},
                       std::string_view sticky_field = {}) {
  std::string text(json);
  text.append(tail).append(net::HttpRequest::kBodyPadding, '}');
  const Buffer body = Buffer::FromString(std::move(text));
  static SharedMemory none(false);
  return ReadInferJson({body.As<char>(), json.size()}, body.Slice(json.size(), tail.size()), "M",
                       sticky_field, none);
}

std::string Input(std::string_view members) {
  return R"({"inputs": [{"name": "I", )" + std::string(members) + "}]}";
}

template <typename T>
std::vector<T> ValuesOf(const InferBody& body, std::size_t input = 0) {
  const auto values = std::get<Tensor>(body.inputs.at(input).data).values<T>();
  return {values.begin(), values.end()};
}

TEST(InferJsonTest, ReadsAWholeRequest) {
  const auto body = Read(R"({
      "id": "42",
      "parameters": {"priority": 1, "timeout": 1500, "binary_data_output": true,
                     "sequence_id": 7, "sequence_start": true, "mine": 0.5, "other": "x"},
      "inputs": [{"name": "A", "shape": [2, 2], "datatype": "FP32", "data": [1, 2.5, 3, 4]},
                 {"name": "B", "shape": [1], "datatype": "BYTES", "data": ["text"]}],
      "outputs": [{"name": "X", "parameters": {"binary_data": true}},
                  {"name": "Y", "parameters": {"classification": 3}}, {"name": "Z"}]})");
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(body->id, "42");
  EXPECT_EQ(body->priority, Priority::kHigh);
  EXPECT_EQ(body->timeout, std::chrono::milliseconds(2));
  EXPECT_TRUE(body->binary_outputs);
  ASSERT_EQ(body->inputs.size(), 2U);
  EXPECT_EQ(body->inputs[0].shape, (Shape{2, 2}));
  EXPECT_EQ(body->inputs[0].dtype, DType::kFp32);
  EXPECT_THAT(ValuesOf<float>(*body), ElementsAre(1, 2.5F, 3, 4));
  EXPECT_EQ(std::get<Tensor>(body->inputs[1].data).string_at(0), "text");
  ASSERT_EQ(body->outputs.size(), 3U);
  EXPECT_TRUE(body->outputs[0].binary);
  EXPECT_EQ(body->outputs[1].classes, 3U);
  EXPECT_FALSE(body->outputs[2].binary);
}

TEST(InferJsonTest, TakesNestedDataAndAnyOrderOfMembers) {
  for (const std::string_view members : {
           R"("shape": [2, 2], "datatype": "INT32", "data": [[1, 2], [3, 4]])",
           R"("shape": [2, 2], "datatype": "INT32", "data": [[[1, 2, 3, 4]]])",
           R"("data": [1, 2, 3, 4], "shape": [2, 2], "datatype": "INT32")",
           R"("data": [[1, 2], [3, 4]], "more": {"data": 1}, "datatype": "INT32", "shape": [2, 2])",
       }) {
    const auto body = Read(Input(members));
    ASSERT_TRUE(body) << members << body.error().message;
    EXPECT_THAT(ValuesOf<std::int32_t>(*body), ElementsAre(1, 2, 3, 4)) << members;
  }
}

TEST(InferJsonTest, CountsElementsWhateverArraysTheyStandIn) {
  const std::string open(100, '[');
  const std::string close(100, ']');
  const auto deep =
      Read(Input(R"("shape": [1, 1], "datatype": "INT64", "data": )" + open + "7" + close));
  ASSERT_TRUE(deep) << deep.error().message;
  EXPECT_THAT(ValuesOf<std::int64_t>(*deep), ElementsAre(7));
  const auto uneven =
      Read(Input(R"("shape": [2, 2], "datatype": "FP32", "data": [[1], [[2, 3], []], 4])"));
  ASSERT_TRUE(uneven) << uneven.error().message;
  EXPECT_THAT(ValuesOf<float>(*uneven), ElementsAre(1, 2, 3, 4));
}

TEST(InferJsonTest, ReadsOnBehindDataThatCameFirst) {
  const auto body = Read(R"({"inputs": [
      {"data": ["a", "b"], "name": "A", "shape": [2], "datatype": "BYTES"},
      {"name": "B", "data": [5], "datatype": "UINT8", "shape": [1]}], "id": "behind"})");
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(std::get<Tensor>(body->inputs[0].data).string_at(1), "b");
  EXPECT_THAT(ValuesOf<std::uint8_t>(*body, 1), ElementsAre(5));
  EXPECT_EQ(body->id, "behind");
}

TEST(InferJsonTest, SharesTheBytesBehindTheJson) {
  const auto body = Read(R"({"inputs": [
      {"name": "A", "shape": [3], "datatype": "UINT8", "parameters": {"binary_data_size": 3}},
      {"name": "B", "shape": [1], "datatype": "UINT8", "data": [9]},
      {"name": "C", "shape": [0], "datatype": "UINT8", "parameters": {"binary_data_size": 0}},
      {"name": "D", "shape": [2], "datatype": "UINT8", "parameters": {"binary_data_size": 2}}]})",
                         "abcde");
  ASSERT_TRUE(body) << body.error().message;
  const auto raw = [&](std::size_t i) { return std::get<Buffer>(body->inputs[i].data); };
  EXPECT_EQ(std::string_view(raw(0).As<char>(), raw(0).size()), "abc");
  EXPECT_TRUE(raw(2).empty());
  EXPECT_EQ(raw(3).data(), raw(0).data() + 3);  // one buffer, no copies
}

TEST(InferJsonTest, FindsTheStickyKey) {
  const auto key = [](std::string_view value) {
    auto body =
        Read(R"({"inputs": [], "parameters": {"user": )" + std::string(value) + "}}", {}, "user");
    return body ? body->sticky_key.value_or("none") : body.error().message;
  };
  EXPECT_EQ(key(R"("ann")"), "ann");
  EXPECT_EQ(key("17"), "17");
  EXPECT_EQ(key("true"), "true");
}

struct Refused {
  std::string json;
  Code code;
  std::string message;  // how it begins
  std::string tail{};
};

TEST(InferJsonTest, RefusesInTritonsWords) {
  const std::string shaped = R"("shape": [2], "datatype": "FP32", )";
  const Refused cases[] = {
      {"{", Code::kInvalidArgument, "failed to parse the request JSON buffer: "},
      {"", Code::kInvalidArgument, "failed to parse the request JSON buffer: "},
      {"[1]", Code::kInvalidArgument, "failed to parse the request JSON buffer: "},
      {R"({"inputs": []} x)", Code::kInvalidArgument, "failed to parse the request JSON buffer: "},
      {"{}", Code::kInvalidArgument, "Unable to parse 'inputs': attempt to access non-existing"},
      {R"({"inputs": 1})", Code::kInvalidArgument, "Unable to parse 'inputs': attempt to access"},
      {R"({"id": 1, "inputs": []})", Code::kInvalidArgument, "Unable to parse 'id': "},
      {R"({"inputs": [], "inputs": []})", Code::kInvalidArgument, "'inputs' is given twice"},
      {Input(R"("shape": [-1], "datatype": "FP32", "data": [1])"), Code::kInternal,
       "Unable to parse 'shape': attempt to access JSON non-unsigned-integer as unsigned-integer"},
      {Input(R"("shape": [1.5], "datatype": "FP32", "data": [1])"), Code::kInternal,
       "Unable to parse 'shape': attempt to access JSON non-unsigned-integer as unsigned-integer"},
      {Input(R"("shape": 2, "datatype": "FP32", "data": [1])"), Code::kInvalidArgument,
       "Unable to parse 'shape': attempt to access JSON non-array as array"},
      {Input(R"("datatype": "FP32", "data": [1])"), Code::kInvalidArgument,
       "Unable to parse 'shape': attempt to access non-existing object member 'shape'"},
      {Input(R"("shape": [4294967296, 4294967296], "datatype": "FP32", )"
             R"("parameters": {"binary_data_size": 0})"),
       Code::kInvalidArgument,
       "shape [4294967296,4294967296] of input 'I' causes total element count to exceed maximum "
       "size of 9223372036854775807"},
      {Input(shaped + R"("data": [1, 2, 3])"), Code::kInternal,
       "Unable to parse 'data': Shape does not match true shape of 'data' field"},
      {Input(shaped + R"("data": [1])"), Code::kInternal,
       "Unable to parse 'data': Shape does not match true shape of 'data' field"},
      {Input(shaped + R"("data": [1, "x"])"), Code::kInvalidArgument,
       "Unable to parse 'data': input 'I': inputs.I[1] is \"x\", expected a number that fits FP32"},
      {Input(shaped + R"("data": 5)"), Code::kInvalidArgument,
       "Unable to parse 'data': attempt to access JSON non-array as array"},
      {Input(shaped + R"("more": 5)"), Code::kInvalidArgument,
       "Input must set only one of the following fields: 'data', 'binary_data_size' in "
       "'parameters', 'shared_memory_region' in 'parameters'. But no field is set"},
      {Input(shaped + R"("data": [1, 2], "parameters": {"binary_data_size": 8})"),
       Code::kInvalidArgument,
       "Input must set only one of the following fields: 'data', 'binary_data_size' in "
       "'parameters', 'shared_memory_region' in 'parameters'. But set 'data' 'binary_data_size'"},
      {Input(R"("shape": [1], "datatype": "FP16", "data": [1])"), Code::kInvalidArgument,
       "receiving FP16 data via JSON is not supported. Please use the binary data format for "
       "input I"},
      {Input(R"("shape": [1], "datatype": "BF16", "data": [1])"), Code::kInvalidArgument,
       "receiving BF16 data via JSON is not supported. Please use the binary data format for "
       "input I"},
      {Input(R"("shape": [1], "datatype": "FLOAT", "data": [1])"), Code::kInvalidArgument,
       "invalid datatype for input I"},
      {Input(shaped + R"("parameters": {"binary_data_size": 8})"), Code::kInvalidArgument,
       "unexpected size for input 'I', expecting 3 additional bytes for model 'M'", "12345"},
      {Input(shaped + R"("parameters": {"binary_data_size": 8})"), Code::kInvalidArgument,
       "unexpected additional input data for model 'M'", "123456789"},
      {Input(shaped + R"("parameters": {"binary_data_size": -8})"), Code::kInvalidArgument,
       "Unable to parse 'binary_data_size'"},
      {R"({"inputs": [{"name": "I", "shape": [1], "datatype": "FP32", "data": [1]},
                      {"name": "I", "shape": [1], "datatype": "FP32", "data": [1]}]})",
       Code::kInvalidArgument, "input 'I' already exists in request"},
      {R"({"inputs": [], "outputs": [{"name": "OUTPUT0"}, {"name": "OUTPUT0"}]})",
       Code::kInvalidArgument,
       "Duplicate output name 'OUTPUT0' is not allowed in a request: output 'OUTPUT0' already "
       "exists in request"},
      {Input(R"("shape": [16, 1152921504606846978], "datatype": "FP32", "data": [1])"),
       Code::kInvalidArgument,
       "shape [16,1152921504606846978] of input 'I' causes total element count to exceed maximum "
       "size of 9223372036854775807"},
      {Input(R"("shape": [4, 1152921504606846978], "datatype": "FP32", "data": [1])"),
       Code::kInvalidArgument, "byte size overflow for input 'I' for model 'M'"},
      {Input(R"("shape": [1], "datatype": "INT64", "data": )" + std::string(101, '[') + "1" +
             std::string(101, ']')),
       Code::kInvalidArgument,
       "Unable to parse 'data': input 'I': JSON nesting depth exceeds maximum allowed limit (100)"},
      {Input(R"("shape": [3], "datatype": "INT64", "data": [[1, 2], ["x"]])"),
       Code::kInvalidArgument, "Unable to parse 'data': input 'I': inputs.I[2] is \"x\""},
      {R"({"inputs": [], "outputs": [{}]})", Code::kInvalidArgument, "Unable to parse 'name'"},
      {R"({"inputs": [], "outputs": [{"name": "O", "parameters":
           {"shared_memory_region": "r", "classification": 2}}]})",
       Code::kInvalidArgument, "Output can't set both 'shared_memory_region' and 'classification'"},
      {R"({"inputs": [], "outputs": [{"name": "O", "parameters":
           {"shared_memory_region": "r", "binary_data": true}}]})",
       Code::kInvalidArgument, "Output can't set both 'shared_memory_region' and 'binary_data'"},
      {R"({"inputs": [], "parameters": {"triton_enable_empty_final_response": true}})",
       Code::kInvalidArgument,
       "parameter keys starting with 'triton_' are reserved for Triton usage and should not be "
       "specified."},
      {R"({"inputs": [], "parameters": {"mine": [1]}})", Code::kInvalidArgument,
       "parameter 'mine' has invalid type. It should be either 'int', 'bool', or 'string'."},
      {R"({"inputs": [], "parameters": {"priority": "high"}})", Code::kInvalidArgument,
       "Unable to parse 'priority'"},
      {R"({"inputs": [], "parameters": {"timeout": -1}})", Code::kInvalidArgument,
       "Unable to parse 'timeout'"},
      {R"({"inputs": [], "parameters": {"sequence_start": 1}})", Code::kInvalidArgument,
       "Unable to parse 'sequence_start'"},
      {R"({"inputs": [], "parameters": {"binary_data_output": "yes"}})", Code::kInvalidArgument,
       "Unable to parse 'binary_data_output'"},
      {R"({"inputs": [], "outputs": [{"name": "O", "parameters":
           {"shared_memory_region": "r"}}]})",
       Code::kUnavailable, "client shared memory is disabled"},
  };
  for (const Refused& refused : cases) {
    const auto body = Read(refused.json, refused.tail);
    ASSERT_FALSE(body) << refused.json;
    EXPECT_THAT(body.error().message, StartsWith(refused.message)) << refused.json;
    EXPECT_EQ(body.error().code, refused.code) << refused.json << body.error().message;
  }
}

TEST(InferJsonTest, LeavesTheNumberOfStringsToTheModelsCheck) {
  const auto body = Read(Input(R"("shape": [1], "datatype": "BYTES", "data": ["a", "b"])"));
  ASSERT_TRUE(body);
  EXPECT_EQ(std::get<Tensor>(body->inputs[0].data).element_count(), 2);
}

TEST(InferJsonTest, BoundsTheNumberOfTensors) {
  const auto many = [](std::size_t count) {
    std::string json = R"({"inputs": [)";
    for (std::size_t i = 0; i < count; ++i) {
      json += (i == 0 ? "" : ",");
      json += R"({"name": "I)" + std::to_string(i) + R"(", "shape": [1], "datatype": "INT8", )" +
              R"("data": [1]})";
    }
    return Read(json + "]}");
  };
  EXPECT_EQ(many(kMostTensors)->inputs.size(), kMostTensors);
  EXPECT_EQ(many(kMostTensors + 1).error().message, "the request has more than 1024 inputs");
}

TEST(InferJsonTest, BoundsTheRank) {
  EXPECT_THAT(Read(Input(R"("shape": [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1], "datatype": "FP32",)"
                         R"("data": [1])"))
                  .error()
                  .message,
              HasSubstr("more than 16 dimensions"));
}

}  // namespace
}  // namespace plinth::api::openinference
