// inference.GRPCInferenceService against the real service and the test backend, whose models give
// y = 2 * x, FP32 [-1,-1].
#include "api/openinference/grpc/services.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/openinference/grpc/grpc_testing.h"
#include "base/log.h"
#include "serving/service_fixture.h"

namespace plinth::api::openinference {
namespace {

using net::GrpcStatus;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

constexpr int kOk = 0;
constexpr int kInvalidArgument = 3;
constexpr int kNotFound = 5;
constexpr int kUnimplemented = 12;
constexpr int kInternal = 13;

class GrpcServicesTest : public ServiceTest {
 protected:
  GrpcServicesTest() {
    context_ =
        std::make_unique<Context>(*service_, Options{.server_version = "1.2.3",
                                                     .allow_client_shm = true,
                                                     .repository = {.upload_root = dir_.string()}});
    methods_ = MakeGrpcMethods(*context_);
  }
  ~GrpcServicesTest() override { context_.reset(); }

  const net::GrpcMethod& Method(const std::string& name) const {
    const auto method = std::ranges::find(methods_, "/inference.GRPCInferenceService/" + name,
                                          &net::GrpcMethod::path);
    EXPECT_NE(method, methods_.end()) << name;
    return *method;
  }

  struct Answer {
    GrpcStatus status;
    std::string message;
  };
  Answer Call(const std::string& name, const TestMessage& request = {}) const {
    const auto call = std::make_shared<CaughtCall>();
    std::get<net::GrpcUnary>(Method(name).handler)({}, MessageOf(request.bytes()),
                                                   net::GrpcWriter(call));
    Answer answer{call->Status(), ""};
    const auto messages = call->Messages(0);
    EXPECT_LE(messages.size(), 1U);
    if (!messages.empty()) answer.message = messages[0];
    EXPECT_EQ(answer.status.code == kOk, messages.size() == 1U);
    return answer;
  }
  // The answer of a call that succeeds.
  std::string Ask(const std::string& name, const TestMessage& request = {}) const {
    const Answer answer = Call(name, request);
    EXPECT_EQ(answer.status.code, kOk) << answer.status.message;
    return answer.message;
  }
  std::string ErrorOf(const std::string& name, const TestMessage& request, int code) const {
    const Answer answer = Call(name, request);
    EXPECT_EQ(answer.status.code, code) << answer.status.message;
    return answer.status.message;
  }

  // A request to "m" for x = these, a row of them.
  static TestMessage InferRequestFor(std::initializer_list<float> values,
                                     std::string_view id = "7") {
    return TestMessage()
        .Text(1, "m")
        .Text(3, id)
        .Message(5, TestMessage().Text(1, "x").Text(2, "FP32").Numbers(
                        3, {1, static_cast<std::int64_t>(values.size())}))
        .Text(7, BytesOf(values));
  }

  std::unique_ptr<Context> context_;
  std::vector<net::GrpcMethod> methods_;
};

TEST_F(GrpcServicesTest, TellsOfTheServer) {
  EXPECT_EQ(Ask("ServerLive"), TestMessage().Truth(1, true).bytes());
  EXPECT_EQ(Ask("ServerReady"), TestMessage().Truth(1, true).bytes());
  const std::string metadata = Ask("ServerMetadata");
  EXPECT_EQ(TextOf(metadata, 1), "triton");
  EXPECT_EQ(TextOf(metadata, 2), "1.2.3");
  EXPECT_THAT(TextsOf(metadata, 3), testing::Contains("binary_tensor_data"));
  service_->BeginShutdown();
  EXPECT_EQ(Ask("ServerReady"), "");
}

TEST_F(GrpcServicesTest, TellsOfModels) {
  ASSERT_TRUE(Deploy(""));
  const TestMessage name = TestMessage().Text(1, "m");
  EXPECT_EQ(NumberOf(Ask("ModelReady", name), 1), 1U);
  EXPECT_EQ(NumberOf(Ask("ModelReady", TestMessage().Text(1, "m").Text(2, "1")), 1), 1U)
      << "1 is v1";
  EXPECT_EQ(Ask("ModelReady", TestMessage().Text(1, "nobody")), "");
  const std::string metadata = Ask("ModelMetadata", name);
  EXPECT_EQ(TextOf(metadata, 1), "m");
  EXPECT_THAT(TextsOf(metadata, 2), ElementsAre("v1"));
  EXPECT_EQ(TextOf(metadata, 3), "test");
  EXPECT_EQ(TextOf(metadata, 4),
            TestMessage().Text(1, "x").Text(2, "FP32").Numbers(3, {-1, -1}).bytes());
  EXPECT_EQ(TextOf(metadata, 5),
            TestMessage().Text(1, "y").Text(2, "FP32").Numbers(3, {-1, -1}).bytes());

  const std::string config = TextOf(Ask("ModelConfig", name), 1);
  EXPECT_EQ(TextOf(config, 1), "m");
  EXPECT_EQ(NumberOf(config, 4), 32U);
  EXPECT_EQ(TextOf(config, 5), TestMessage().Text(1, "x").Number(2, 11).Numbers(4, {-1}).bytes());
  EXPECT_EQ(TextOf(config, 17), "test");
}

TEST_F(GrpcServicesTest, WhatIsNotThereIsToldInTritonsWords) {
  for (const char* method : {"ModelMetadata", "ModelConfig"}) {
    EXPECT_EQ(ErrorOf(method, TestMessage().Text(1, "nobody"), kNotFound),
              "Request for unknown model: 'nobody' is not found");
  }
  EXPECT_THAT(ErrorOf("ModelInfer", TestMessage().Text(1, "nobody"), kNotFound),
              StartsWith("Request for unknown model: 'nobody' is not found"));
  EXPECT_EQ(ErrorOf("ModelStatistics", TestMessage().Text(1, "nobody"), kInvalidArgument),
            "requested model 'nobody' is not available");
  ASSERT_TRUE(Deploy(""));
  EXPECT_EQ(ErrorOf("ModelMetadata", TestMessage().Text(1, "m").Text(2, "9"), kNotFound),
            "Request for unknown model: 'm' version 9 is not found");
  EXPECT_EQ(ErrorOf("ModelStatistics", TestMessage().Text(1, "m").Text(2, "9"), kInvalidArgument),
            "requested model version is not available for model 'm'");
}

TEST_F(GrpcServicesTest, Infers) {
  ASSERT_TRUE(Deploy(""));
  const std::string answer = Ask("ModelInfer", InferRequestFor({1, 2}));
  EXPECT_EQ(TextOf(answer, 1), "m");
  EXPECT_EQ(TextOf(answer, 2), "v1");
  EXPECT_EQ(TextOf(answer, 3), "7");
  EXPECT_EQ(TextOf(answer, 5),
            TestMessage().Text(1, "y").Text(2, "FP32").Numbers(3, {1, 2}).bytes());
  EXPECT_THAT(TextsOf(answer, 6), ElementsAre(BytesOf({2, 4})));
}

// Large tensors go out as pieces of their own.
TEST_F(GrpcServicesTest, AnswersLargeTensorsWithoutACopy) {
  ASSERT_TRUE(Deploy(""));
  const std::vector<float> values(10'000, 1);
  const auto request =
      TestMessage()
          .Text(1, "m")
          .Message(5, TestMessage().Text(1, "x").Text(2, "FP32").Numbers(3, {1, 10'000}))
          .Text(7, BytesOf(values));
  const std::string answer = Ask("ModelInfer", request);
  EXPECT_THAT(TextsOf(answer, 6), ElementsAre(BytesOf(std::vector<float>(10'000, 2))));
}

TEST_F(GrpcServicesTest, AnswersClasses) {
  ASSERT_TRUE(Deploy(""));
  auto request = InferRequestFor({1, 3, 2});
  request.Message(
      6, TestMessage().Text(1, "y").Entry(2, "classification", TestMessage().Number(2, 2)));
  const std::string answer = Ask("ModelInfer", request);
  EXPECT_EQ(TextOf(answer, 5),
            TestMessage().Text(1, "y").Text(2, "BYTES").Numbers(3, {1, 2}).bytes());
  EXPECT_THAT(TextOf(answer, 6), HasSubstr("6.000000:1"));
}

struct Refusal {
  std::string_view text;
  int code;
  TestMessage request;
};

TEST_F(GrpcServicesTest, RefusesInTritonsWords) {
  ASSERT_TRUE(Deploy(""));
  const auto with = [](const TestMessage& input) {
    return TestMessage().Text(1, "m").Text(3, "7").Message(5, input);
  };
  const auto x = [](std::string_view type, std::initializer_list<std::int64_t> shape) {
    return TestMessage().Text(1, "x").Text(2, type).Numbers(3, shape);
  };
  const std::vector<Refusal> refusals = {
      {"inference input 'x' data-type is 'INT32', but model 'm' expects 'FP32'", kInvalidArgument,
       with(x("INT32", {1, 1})).Text(7, "abcd")},
      {"unexpected shape for input 'x' for model 'm'. Expected [-1,-1], got [1,1,1].",
       kInvalidArgument, with(x("FP32", {1, 1, 1})).Text(7, "abcd")},
      {"expected 1 inputs but got 0 inputs for model 'm'. Got input(s) [], but missing required "
       "input(s) ['x']. Please provide all required input(s).",
       kInvalidArgument, TestMessage().Text(1, "m").Text(3, "7")},
      {"unable to find data for input tensor 'x' for model 'm' in request.", kInvalidArgument,
       with(x("FP32", {1, 1}))},
      {"contents field must not be specified when using raw_input_contents for 'x' for model 'm'",
       kInvalidArgument,
       with(x("FP32", {1, 1}).Message(5, TestMessage().Floats(6, {1}))).Text(7, "abcd")},
      {"input byte size mismatch for input 'x' for model 'm'. Expected 8, got 4", kInvalidArgument,
       with(x("FP32", {1, 2})).Text(7, "abcd")},
      {"Request for unknown model: 'm' version 8 is not found", kNotFound,
       InferRequestFor({1}).Text(2, "8")},
      {"unexpected inference output 'z' for model 'm'", kInvalidArgument,
       InferRequestFor({1}).Message(6, TestMessage().Text(1, "z"))},
      {"inference request batch-size must be <= 32 for 'm'", kInvalidArgument,
       with(x("FP32", {33, 1})).Text(7, std::string(33 * 4, '\0'))},
      {"Unable to find shared memory region: 'r'", kNotFound,
       with(x("FP32", {1, 1}).Entry(4, "shared_memory_region", TestMessage().Text(3, "r")))},
  };
  for (const Refusal& refusal : refusals) {
    EXPECT_THAT(ErrorOf("ModelInfer", refusal.request, refusal.code), HasSubstr(refusal.text));
  }
}

TEST_F(GrpcServicesTest, RefusesWhatIsNoMessage) {
  for (const net::GrpcMethod& method : methods_) {
    if (!std::holds_alternative<net::GrpcUnary>(method.handler)) continue;
    const auto call = std::make_shared<CaughtCall>();
    // Field 1, of 127 bytes that are not there.
    std::get<net::GrpcUnary>(method.handler)({}, MessageOf("\x0a\x7f"), net::GrpcWriter(call));
    const int code = call->Status().code;
    EXPECT_TRUE(code == kInvalidArgument || code == kOk) << method.path << ": " << code;
  }
}

// ---- Streams

class StreamTest : public GrpcServicesTest {
 protected:
  std::unique_ptr<net::GrpcReader> Begin(std::vector<net::Header> metadata = {}) {
    net::GrpcCall call;
    call.metadata = std::move(metadata);
    return std::get<net::GrpcStreaming>(Method("ModelStreamInfer").handler)(std::move(call),
                                                                            net::GrpcWriter(call_));
  }
  // The failure's text, or the answer's only tensor, by the request's id.
  static std::map<std::string, std::string> ById(const std::vector<std::string>& messages) {
    std::map<std::string, std::string> answers;
    for (const std::string& message : messages) {
      const std::string response = TextOf(message, 2);
      const std::string error = TextOf(message, 1);
      answers[TextOf(response, 3)] = error.empty() ? TextOf(response, 6) : error;
    }
    return answers;
  }

  std::shared_ptr<CaughtCall> call_ = std::make_shared<CaughtCall>();
};

TEST_F(StreamTest, AnswersEachRequestAndEndsWithTheClient) {
  ASSERT_TRUE(Deploy(""));
  const auto reader = Begin();
  reader->OnMessage(MessageOf(InferRequestFor({1}, "a").bytes()));
  reader->OnMessage(MessageOf(InferRequestFor({2}, "b").bytes()));
  const auto messages = call_->Messages(2);
  EXPECT_EQ(ById(messages),
            (std::map<std::string, std::string>{{"a", BytesOf({2})}, {"b", BytesOf({4})}}));
  EXPECT_EQ(TextOf(TextOf(messages[0], 2), 4), TestMessage()
                                                   .Text(1, "triton_final_response")
                                                   .Message(2, TestMessage().Truth(1, true))
                                                   .bytes());
  EXPECT_FALSE(call_->ended());
  reader->OnEnd();
  EXPECT_EQ(call_->Status().code, kOk);
}

TEST_F(StreamTest, TheEndWaitsForWhatRuns) {
  ASSERT_TRUE(Deploy("delay_ms 50\n"));
  const auto reader = Begin();
  for (const char* id : {"a", "b", "c"})
    reader->OnMessage(MessageOf(InferRequestFor({1}, id).bytes()));
  reader->OnEnd();
  EXPECT_EQ(call_->Status().code, kOk);
  EXPECT_EQ(ById(call_->Messages(3)).size(), 3U);
}

TEST_F(StreamTest, FailuresAreMessages) {
  ASSERT_TRUE(Deploy("fail_on 7\n"));
  const auto reader = Begin();
  reader->OnMessage(MessageOf(InferRequestFor({7}, "bad").bytes()));
  reader->OnMessage(MessageOf(InferRequestFor({1}, "good").bytes()));
  reader->OnMessage(MessageOf(TestMessage().Text(1, "nobody").Text(3, "who").bytes()));
  auto answers = ById(call_->Messages(3));
  EXPECT_THAT(answers["bad"], HasSubstr("x[0] must not be 7"));
  EXPECT_EQ(answers["good"], BytesOf({2}));
  EXPECT_THAT(answers["who"], StartsWith("Request for unknown model: 'nobody'"));
  EXPECT_FALSE(call_->ended());
  reader->OnMessage(MessageOf("\x0a\x7f"));
  EXPECT_THAT(call_->Messages(4)[3], HasSubstr("protobuf"));
  reader->OnEnd();
  EXPECT_EQ(call_->Status().code, kOk);
}

TEST_F(StreamTest, FailuresEndTheCallOfWhoAsksForIt) {
  ASSERT_TRUE(Deploy(""));
  const auto reader = Begin({{"triton_grpc_error", "true"}});
  reader->OnMessage(MessageOf(TestMessage().Text(1, "nobody").bytes()));
  EXPECT_EQ(call_->Status().code, kNotFound);
  reader->OnMessage(MessageOf(InferRequestFor({1}).bytes()));
  EXPECT_THAT(call_->Messages(0), SizeIs(0));
}

// ---- Control

TEST_F(GrpcServicesTest, Counts) {
  ASSERT_TRUE(Deploy(""));
  Ask("ModelInfer", InferRequestFor({1}));
  const std::string statistics =
      TextOf(Ask("ModelStatistics", TestMessage().Text(1, "m").Text(2, "v1")), 1);
  EXPECT_EQ(TextOf(statistics, 1), "m");
  EXPECT_EQ(TextOf(statistics, 2), "v1");
  EXPECT_GT(NumberOf(statistics, 3), 1'700'000'000'000U);
  EXPECT_EQ(NumberOf(statistics, 4), 1U);
  EXPECT_EQ(NumberOf(statistics, 5), 1U);
  EXPECT_EQ(NumberOf(TextOf(TextOf(statistics, 6), 1), 1), 1U) << "success";
  EXPECT_EQ(NumberOf(TextOf(TextOf(statistics, 6), 5), 1), 1U) << "compute_infer";
  EXPECT_EQ(NumberOf(TextOf(statistics, 7), 1), 1U) << "batch_size";
}

TEST_F(GrpcServicesTest, LoadsAndUnloads) {
  ASSERT_TRUE(Deploy(""));
  const TestMessage name = TestMessage().Text(2, "m");
  EXPECT_EQ(Ask("RepositoryModelUnload", name), "");
  EXPECT_EQ(Ask("ModelReady", TestMessage().Text(1, "m")), "");
  EXPECT_EQ(
      TextOf(Ask("RepositoryIndex"), 1),
      TestMessage().Text(1, "m").Text(2, "v1").Text(3, "UNAVAILABLE").Text(4, "unloaded").bytes());
  EXPECT_EQ(Ask("RepositoryIndex", TestMessage().Truth(2, true)), "");
  EXPECT_EQ(Ask("RepositoryModelLoad", name), "");
  EXPECT_EQ(NumberOf(Ask("ModelReady", TestMessage().Text(1, "m")), 1), 1U);
  EXPECT_EQ(TextOf(Ask("RepositoryIndex"), 1),
            TestMessage().Text(1, "m").Text(2, "v1").Text(3, "READY").bytes());
  EXPECT_EQ(ErrorOf("RepositoryModelLoad", TestMessage().Text(2, "nobody"), kInternal),
            "failed to load 'nobody', failed to poll from model repository");
}

TEST_F(GrpcServicesTest, LoadsFilesThatCome) {
  const auto load = [&](std::string_view factor) {
    return TestMessage().Text(2, "m").Entry(
        3, "file:3/m.testmodel", TestMessage().Text(4, "factor " + std::string(factor) + "\n"));
  };
  EXPECT_EQ(Ask("RepositoryModelLoad", load("3")), "");
  EXPECT_THAT(TextsOf(Ask("ModelInfer", InferRequestFor({1})), 6), ElementsAre(BytesOf({3})));
  EXPECT_EQ(Ask("RepositoryModelLoad", load("5")), "");
  EXPECT_THAT(TextsOf(Ask("ModelInfer", InferRequestFor({1})), 6), ElementsAre(BytesOf({5})));
}

TEST_F(GrpcServicesTest, SetsTheLog) {
  const auto set = [](std::string_view name, const TestMessage& value) {
    return TestMessage().Entry(1, name, value);
  };
  const bool was_logged = IsLogged(LogLevel::kInfo);
  const std::string settings = Ask("LogSettings", set("log_info", TestMessage().Truth(1, false)));
  EXPECT_FALSE(IsLogged(LogLevel::kInfo));
  EXPECT_THAT(TextsOf(settings, 1),
              testing::Contains(
                  TestMessage().Text(1, "log_info").Text(2, std::string("\x08\0", 2)).bytes()));
  SetLogged(LogLevel::kInfo, was_logged);
  EXPECT_EQ(ErrorOf("LogSettings", set("log_file", TestMessage().Text(3, "x")), kUnimplemented),
            "log file location can not be updated through network protocol");
  EXPECT_EQ(ErrorOf("LogSettings", set("log_info", TestMessage().Number(2, 1)), kInvalidArgument),
            "expect boolean for 'log_info'");
}

TEST_F(GrpcServicesTest, KeepsTraceSettings) {
  ASSERT_TRUE(Deploy(""));
  const auto rate = [](const std::string& settings) {
    for (const std::string& entry : TextsOf(settings, 1)) {
      if (TextOf(entry, 1) == "trace_rate") return TextOf(TextOf(entry, 2), 1);
    }
    return std::string("none");
  };
  EXPECT_EQ(rate(Ask("TraceSetting")), "1000");
  const auto set = TestMessage().Entry(1, "trace_rate", TestMessage().Text(1, "5")).Text(2, "m");
  EXPECT_EQ(rate(Ask("TraceSetting", set)), "5");
  EXPECT_EQ(rate(Ask("TraceSetting", TestMessage().Text(2, "m"))), "5");
  EXPECT_EQ(rate(Ask("TraceSetting")), "1000");
  EXPECT_THAT(ErrorOf("TraceSetting", TestMessage().Text(2, "nobody"), kNotFound),
              StartsWith("Request for unknown model"));
}

TEST_F(GrpcServicesTest, HasNoSharedMemoryOfGpus) {
  EXPECT_EQ(Ask("CudaSharedMemoryStatus"), "");
  EXPECT_THAT(ErrorOf("CudaSharedMemoryRegister", TestMessage().Text(1, "r"), kInvalidArgument),
              HasSubstr("GPUs not supported"));
  EXPECT_EQ(Ask("SystemSharedMemoryStatus"), "");
}

}  // namespace
}  // namespace plinth::api::openinference
