// POST /v2/models/:model/infer against the real service and the test backend, whose models give
// y = 2 * x, FP32 [-1,-1].
#include "api/openinference/infer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/openinference/routes.h"
#include "base/file_descriptor.h"
#include "net/responder_testing.h"
#include "serving/service_fixture.h"

namespace plinth::api::openinference {
namespace {

using net::HttpRequest;
using net::HttpResponse;
using net::Verb;
using testing::HasSubstr;
using testing::StartsWith;

class InferTest : public ServiceTest {
 protected:
  InferTest() {
    context_ = std::make_unique<Context>(*service_, Options{.allow_client_shm = true});
    handler_ = MakeRestApi(*context_);
  }

 public:
  ~InferTest() override { context_.reset(); }

 protected:
  HttpResponse Call(Verb verb, std::string_view path, std::string_view body = {},
                    std::vector<net::Header> headers = {}) {
    return Begin(verb, path, body, std::move(headers)).get();
  }

  std::future<HttpResponse> Begin(Verb verb, std::string_view path, std::string_view body,
                                  std::vector<net::Header> headers = {}) {
    HttpRequest request;
    request.verb = verb;
    request.path = path;
    request.headers = std::move(headers);
    request.has_body = body.data() != nullptr;
    std::string padded(body);
    padded.append(HttpRequest::kBodyPadding, ' ');
    request.body = Buffer::FromString(std::move(padded)).Slice(0, body.size());
    const auto sink = std::make_shared<net::CaughtAnswer>();
    auto future = sink->future();
    handler_(std::move(request), net::Responder(sink));
    return future;
  }

  HttpResponse Infer(std::string_view json, std::string_view tail = {},
                     std::string_view path = "/v2/models/m/infer") {
    if (tail.empty()) return Call(Verb::kPost, path, json);
    const std::string length = std::to_string(json.size());
    return Call(Verb::kPost, path, std::string(json).append(tail),
                {{"Inference-Header-Content-Length", length}});
  }

  static std::string Input(std::string_view members) {
    return R"({"id": "7", "inputs": [{"name": "x", )" + std::string(members) + "}]}";
  }

  static std::string_view Raw(const std::vector<float>& values) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
  }

  static std::vector<float> TailOf(const HttpResponse& response) {
    std::vector<float> values;
    for (const Buffer& part : response.tail) {
      values.resize(part.size() / sizeof(float));
      std::memcpy(values.data(), part.data(), part.size());
    }
    return values;
  }

  std::unique_ptr<Context> context_;
  net::HttpHandler handler_;
};

TEST_F(InferTest, AnswersJsonWithJson) {
  ASSERT_TRUE(Deploy(""));
  const auto response = Infer(Input(R"("shape": [2, 1], "datatype": "FP32", "data": [[1], [2]])"));
  EXPECT_EQ(response.body, R"({"id":"7","model_name":"m","model_version":"v1","outputs":[)"
                           R"({"name":"y","datatype":"FP32","shape":[2,1],"data":[2,4]}]})");
  EXPECT_EQ(response.content_type, "application/json");
}

TEST_F(InferTest, AnswersWithBytesWhatAsksForThem) {
  ASSERT_TRUE(Deploy(""));
  const auto response = Infer(
      R"({"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP32",
          "parameters": {"binary_data_size": 8}}], "parameters": {"binary_data_output": true}})",
      Raw({1, 2}));
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.content_type, "application/octet-stream");
  EXPECT_EQ(response.headers.at(0).first, "Inference-Header-Content-Length");
  EXPECT_EQ(response.headers.at(0).second, std::to_string(response.body.size()));
  EXPECT_THAT(response.body, HasSubstr(R"("parameters":{"binary_data_size":8})"));
  EXPECT_EQ(TailOf(response), (std::vector<float>{2, 4}));
}

// A listed output is JSON unless it says otherwise, whatever the request's default.
TEST_F(InferTest, TakesTheDefaultOnlyForOutputsThatAreNotListed) {
  ASSERT_TRUE(Deploy(""));
  const std::string inputs =
      R"({"inputs": [{"name": "x", "shape": [1, 1], "datatype": "FP32", "data": [1]}],
          "parameters": {"binary_data_output": true}, "outputs": [{"name": "y")";
  EXPECT_TRUE(Infer(inputs + "}]}").tail.empty());
  EXPECT_FALSE(Infer(inputs + R"(, "parameters": {"binary_data": true}}]})").tail.empty());
}

TEST_F(InferTest, TakesTheBodyAsTheOnlyInput) {
  ASSERT_TRUE(Deploy(""));
  const auto response = Call(Verb::kPost, "/v2/models/m/infer", Raw({1, 2, 3}),
                             {{"Inference-Header-Content-Length", "0"}});
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_THAT(response.body, HasSubstr(R"("shape":[1,3])"));
  EXPECT_EQ(TailOf(response), (std::vector<float>{2, 4, 6}));
}

TEST_F(InferTest, FindsVersionsByNumberToo) {
  ASSERT_TRUE(Deploy(""));
  const std::string body = Input(R"("shape": [1, 1], "datatype": "FP32", "data": [1])");
  for (const std::string_view version : {"v1", "1"}) {
    const auto response =
        Infer(body, {}, "/v2/models/m/versions/" + std::string(version) + "/infer");
    EXPECT_THAT(response.body, HasSubstr(R"("model_version":"v1")"));
  }
}

TEST_F(InferTest, GeneratesFromPlainMembers) {
  ASSERT_TRUE(Deploy(""));
  EXPECT_EQ(
      Infer(R"({"x": [1, 2, 3], "id": "7", "temperature": 0.5})", {}, "/v2/models/m/generate").body,
      R"({"id":"7","model_name":"m","model_version":"v1","y":[2,4,6]})");
  EXPECT_EQ(
      Infer(R"({"parameters": {"x": 4, "top": true}})", {}, "/v2/models/m/versions/1/generate")
          .body,
      R"({"model_name":"m","model_version":"v1","y":8})");
  const auto events = Infer(R"({"x": 1})", {}, "/v2/models/m/generate_stream");
  EXPECT_EQ(events.content_type, "text/event-stream; charset=utf-8");
  EXPECT_EQ(events.body, "data: {\"model_name\":\"m\",\"model_version\":\"v1\",\"y\":2}\n\n");
}

struct Refused {
  int status;
  std::string message;  // how it begins
  std::string json;
  std::string path = "/v2/models/m/infer";
};

TEST_F(InferTest, RefusesInTritonsWords) {
  ModelConfig config;
  config.batch_size = 8;
  ASSERT_TRUE(Deploy("", config));
  const std::string good = Input(R"("shape": [1, 1], "datatype": "FP32", "data": [1])");
  const Refused cases[] = {
      {404, "Request for unknown model: 'none' is not found", good, "/v2/models/none/infer"},
      {404, "Request for unknown model: 'none' is not found", "{", "/v2/models/none/infer"},
      {404, "Request for unknown model: 'm' version 3 is not found", good,
       "/v2/models/m/versions/3/infer"},
      {404, "Not Found", good, "/v2/models/m/versions/1/infers"},
      {400,
       "[request id: 7] inference input 'x' data-type is 'INT32', but model 'm' expects 'FP32'",
       Input(R"("shape": [1, 1], "datatype": "INT32", "data": [1])")},
      {400,
       "[request id: 7] unexpected shape for input 'x' for model 'm'. Expected [-1,-1], got [1]. "
       "NOTE: Setting a non-zero max_batch_size",
       Input(R"("shape": [1], "datatype": "FP32", "data": [1])")},
      {400, "[request id: 7] input 'x' has no shape but model requires batch dimension for 'm'",
       Input(R"("shape": [], "datatype": "FP32", "data": [1])")},
      {400, "[request id: 7] inference request batch-size must be <= 8 for 'm'",
       Input(R"("shape": [9, 1], "datatype": "FP32", "data": [1,2,3,4,5,6,7,8,9])")},
      {400,
       "[request id: <id_unknown>] expected 1 inputs but got 0 inputs for model 'm'. Got input(s) "
       "[], but missing required input(s) ['x']. Please provide all required input(s).",
       R"({"inputs": []})"},
      {400, "[request id: <id_unknown>] unexpected inference output 'z' for model 'm'",
       R"({"inputs": [], "outputs": [{"name": "z"}]})"},
      {400, "[request id: <id_unknown>] unexpected inference input 'z' for model 'm'",
       R"({"inputs": [{"name": "z", "shape": [1, 1], "datatype": "FP32", "data": [1]}]})"},
      {400, "parameter 'z' has invalid type. It should be either 'int', 'bool', or 'string'.",
       R"({"x": 1, "z": [1]})", "/v2/models/m/generate"},
      {400, "Expected JSON object for keyword: 'parameters'", R"({"parameters": 1})",
       "/v2/models/m/generate"},
      {400, "failed to parse the request JSON buffer: ", "x", "/v2/models/m/generate"},
      {404, "Request for unknown model: 'none' is not found", "{}", "/v2/models/none/generate"},
      {500, "Unable to parse 'shape': attempt to access JSON non-unsigned-integer",
       Input(R"("shape": [-1, 1], "datatype": "FP32", "data": [1])")},
      {500, "Unable to parse 'data': Shape does not match true shape of 'data' field",
       Input(R"("shape": [1, 1], "datatype": "FP32", "data": [1, 2])")},
  };
  for (const Refused& refused : cases) {
    const auto response = Infer(refused.json, {}, refused.path);
    EXPECT_EQ(response.status, refused.status) << response.body;
    EXPECT_THAT(response.body, StartsWith(R"({"error":")" + refused.message)) << refused.json;
  }
}

TEST_F(InferTest, RefusesBytesThatDoNotFit) {
  ASSERT_TRUE(Deploy(""));
  const auto response =
      Infer(Input(R"("shape": [1, 3], "datatype": "FP32", "parameters": {"binary_data_size": 8})"),
            Raw({1, 2}));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body,
            R"({"error":"[request id: 7] input byte size mismatch for input 'x' for model 'm'. )"
            R"(Expected 12, got 8"})");
}

TEST_F(InferTest, ChecksTheLengthOfTheHeader) {
  ASSERT_TRUE(Deploy(""));
  const auto with = [&](std::string_view length) {
    return Call(Verb::kPost, "/v2/models/m/infer", "{}",
                {{"Inference-Header-Content-Length", length}})
        .body;
  };
  EXPECT_THAT(with("3"), HasSubstr("inference header size should be in range (0, 2), got: 3"));
  EXPECT_THAT(with("-1"), HasSubstr("inference header size should be in range (0, 2), got: -1"));
  EXPECT_THAT(with("x"), HasSubstr("Unable to parse Inference-Header-Content-Length, got: x"));
}

TEST_F(InferTest, SaysWhichPathsAndVerbsThereAre) {
  const auto missing = Call(Verb::kGet, "/v2/nothing");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.body, R"({"error":"Not Found"})");
  const auto verb = Call(Verb::kGet, "/v2/models/m/infer");
  EXPECT_EQ(verb.status, 405);
  EXPECT_EQ(verb.body, R"({"error":"Method Not Allowed"})");
  EXPECT_EQ(Call(Verb::kGet, "/v2/health/live").status, 200);
  EXPECT_EQ(Call(Verb::kGet, "/v2/health/ready/").status, 200);
  service_->BeginShutdown();
  EXPECT_EQ(Call(Verb::kGet, "/v2/health/ready").status, 400);
}

TEST_F(InferTest, SaysTritonsWordsWhenTheQueueIsFullOrTheTimeOver) {
  ASSERT_TRUE(Deploy("delay_ms 300\n", Config(0, 1, 1)));
  const auto begin = [&](std::string_view parameters) {
    return Begin(Verb::kPost, "/v2/models/m/infer",
                 R"({"inputs": [{"name": "x", "shape": [1, 1], "datatype": "FP32", "data": [1]}], )"
                 R"("parameters": {)" +
                     std::string(parameters) + "}}");
  };
  auto running = begin("");
  auto waiting = begin(R"("timeout": 1000)");
  const auto refused = begin("").get();
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.body, HasSubstr("Exceeds maximum queue size"));
  const auto late = waiting.get();
  EXPECT_EQ(late.status, 503);
  EXPECT_THAT(late.body, HasSubstr("Request timeout expired"));
  EXPECT_EQ(running.get().status, 200);
}

// The regions of a client that keeps its word, and of one that does not.
class InferSharedMemoryTest : public InferTest {
 protected:
  static constexpr std::size_t kSize = 8192;

  InferSharedMemoryTest() {
    file_ = FileDescriptor(::shm_open(key_.c_str(), O_RDWR | O_CREAT, 0600));
    EXPECT_EQ(::ftruncate(file_.get(), kSize), 0);
    EXPECT_TRUE(context_->shared_memory.Register("r", key_, 0, kSize));
    const float values[] = {1, 2};
    EXPECT_EQ(::pwrite(file_.get(), values, sizeof values, 0), 8);
  }

 public:
  ~InferSharedMemoryTest() override { ::shm_unlink(key_.c_str()); }

 protected:
  std::vector<float> Read(off_t at, std::size_t count) const {
    std::vector<float> values(count);
    EXPECT_EQ(::pread(file_.get(), values.data(), count * sizeof(float), at),
              static_cast<ssize_t>(count * sizeof(float)));
    return values;
  }

  static std::string Body(std::string_view output = R"("shared_memory_region": "r",
      "shared_memory_offset": 4096, "shared_memory_byte_size": 8)") {
    return R"({"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP32", "parameters":
        {"shared_memory_region": "r", "shared_memory_byte_size": 8}}],
        "outputs": [{"name": "y", "parameters": {)" +
           std::string(output) + "}}]}";
  }

  const std::string key_ = "/plinth-infer-test-" + std::to_string(getpid());
  FileDescriptor file_;
};

TEST_F(InferSharedMemoryTest, ReadsAndWritesRegions) {
  ASSERT_TRUE(Deploy(""));
  const auto response = Infer(Body());
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(Read(4096, 2), (std::vector<float>{2, 4}));
  EXPECT_THAT(response.body, testing::Not(HasSubstr("\"data\"")));
  EXPECT_THAT(response.body, testing::Not(HasSubstr("parameters")));
}

TEST_F(InferSharedMemoryTest, RefusesOutputsThatDoNotFitOrOverlap) {
  ASSERT_TRUE(Deploy(""));
  EXPECT_THAT(
      Infer(Body(R"("shared_memory_region": "r", "shared_memory_byte_size": 4)")).body,
      HasSubstr("shared memory size specified with the request for output 'y' (4 bytes) should be "
                "at least 8 bytes to hold the results"));
  EXPECT_EQ(Infer(Body(R"("shared_memory_region": "s")")).status, 404);
  const auto overlapping = Infer(
      R"({"inputs": [], "outputs": [
          {"name": "y", "parameters": {"shared_memory_region": "r", "shared_memory_byte_size": 8}},
          {"name": "z", "parameters": {"shared_memory_region": "r", "shared_memory_offset": 7,
                                       "shared_memory_byte_size": 8}}]})");
  EXPECT_THAT(overlapping.body,
              HasSubstr("outputs 'y' and 'z' overlap in shared memory region 'r'"));
}

TEST_F(InferSharedMemoryTest, OutlivesAClientThatCutsItsMemoryShort) {
  ASSERT_TRUE(Deploy(""));
  ASSERT_EQ(::ftruncate(file_.get(), 0), 0);
  const auto response = Infer(Body());
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("has become shorter than it was registered"));
}

TEST_F(InferSharedMemoryTest, GivesAnswersThatAreKeptOfWhatWasThere) {
  ModelConfig config;
  config.cache_size = 10;
  ASSERT_TRUE(Deploy("", config));
  ASSERT_EQ(Infer(Body()).status, 200);
  const float values[] = {5, 6};
  ASSERT_EQ(::pwrite(file_.get(), values, sizeof values, 0), 8);
  ASSERT_EQ(Infer(Body()).status, 200);
  EXPECT_EQ(Read(4096, 2), (std::vector<float>{10, 12}));
}

}  // namespace
}  // namespace plinth::api::openinference
