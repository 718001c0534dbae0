// The REST routes of models, statistics, the repository and settings, against the real service and
// the test backend, whose models give y = 2 * x, FP32 [-1,-1].
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/openinference/routes.h"
#include "net/responder_testing.h"
#include "serving/service_fixture.h"

namespace plinth::api::openinference {
namespace {

using net::HttpResponse;
using net::Verb;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class ControlTest : public ServiceTest {
 protected:
  ControlTest() {
    RepositoryOptions repository{.upload_root = dir_.string()};
    repository.folders.emplace_back([dir = dir_.string()] { return ScanModelFolder(dir); });
    context_ = std::make_unique<Context>(
        *service_, Options{.server_version = "1.2.3", .repository = std::move(repository)});
    handler_ = MakeRestApi(*context_);
  }
  ~ControlTest() override { context_.reset(); }

  HttpResponse Call(Verb verb, std::string_view path, std::string_view body = {}) {
    net::HttpRequest request;
    request.verb = verb;
    request.path = path;
    request.has_body = body.data() != nullptr;
    std::string padded(body);
    padded.append(net::HttpRequest::kBodyPadding, ' ');
    request.body = Buffer::FromString(std::move(padded)).Slice(0, body.size());
    const auto sink = std::make_shared<net::CaughtAnswer>();
    auto future = sink->future();
    handler_(std::move(request), net::Responder(sink));
    return future.get();
  }
  std::string Get(std::string_view path) {
    const HttpResponse response = Call(Verb::kGet, path);
    EXPECT_EQ(response.status, 200) << response.body;
    return response.body;
  }
  std::string Post(std::string_view path, std::string_view body = "") {
    const HttpResponse response = Call(Verb::kPost, path, body);
    EXPECT_EQ(response.status, 200) << response.body;
    return response.body;
  }
  std::string ErrorOf(const HttpResponse& response, int status) {
    EXPECT_EQ(response.status, status) << response.body;
    return response.body;
  }

  std::unique_ptr<Context> context_;
  net::HttpHandler handler_;
};

TEST_F(ControlTest, DescribesModels) {
  ASSERT_TRUE(Deploy(""));
  const std::string metadata = R"({"name":"m","versions":["v1"],"platform":"test",)"
                               R"("inputs":[{"name":"x","datatype":"FP32","shape":[-1,-1]}],)"
                               R"("outputs":[{"name":"y","datatype":"FP32","shape":[-1,-1]}]})";
  EXPECT_EQ(Get("/v2/models/m"), metadata);
  EXPECT_EQ(Get("/v2/models/m/versions/v1"), metadata);
  EXPECT_EQ(Get("/v2/models/m/versions/1"), metadata);
  EXPECT_THAT(ErrorOf(Call(Verb::kGet, "/v2/models/nobody"), 404),
              HasSubstr("Request for unknown model: 'nobody' is not found"));
  EXPECT_THAT(ErrorOf(Call(Verb::kGet, "/v2/models/m/versions/9"), 404),
              HasSubstr("Request for unknown model: 'm' version 9 is not found"));
}

TEST_F(ControlTest, TellsWhetherAModelIsReady) {
  ASSERT_TRUE(Deploy(""));
  EXPECT_EQ(Get("/v2/models/m/ready"), R"({"name":"m","ready":true})");
  EXPECT_EQ(Get("/v2/models/m/versions/1/ready"), R"({"name":"m","ready":true})");
  EXPECT_EQ(ErrorOf(Call(Verb::kGet, "/v2/models/nobody/ready"), 400),
            R"({"error":"Model version not ready"})");
  EXPECT_FALSE(Deploy("fail_load broken\n"));
  EXPECT_EQ(Call(Verb::kGet, "/v2/models/m/ready").status, 200) << "the other one serves on";
}

TEST_F(ControlTest, GivesTritonsConfiguration) {
  ModelConfig config;
  config.batch_size = 8;
  config.batch_timeout_ms = 3;
  config.cache_size = 10;
  config.options["colour"] = "red";
  ASSERT_TRUE(Deploy("", config));
  EXPECT_THAT(
      Get("/v2/models/m/config"),
      AllOf(HasSubstr(R"("name":"m","platform":"","backend":"test")"),
            HasSubstr(R"("max_batch_size":8)"),
            HasSubstr(R"("input":[{"name":"x","data_type":"TYPE_FP32","format":"FORMAT_NONE",)"
                      R"("dims":[-1])"),
            HasSubstr(R"("max_queue_delay_microseconds":3000)"),
            HasSubstr(R"("response_cache":{"enable":true})"),
            HasSubstr(R"("parameters":{"colour":{"string_value":"red"}})")));
}

TEST_F(ControlTest, AModelWithoutBatchesHasWholeShapes) {
  ModelConfig config;
  config.batch_size = 0;
  ASSERT_TRUE(Deploy("", config));
  EXPECT_THAT(Get("/v2/models/m/config"),
              AllOf(HasSubstr(R"("max_batch_size":0)"), HasSubstr(R"("dims":[-1,-1])"),
                    Not(HasSubstr("dynamic_batching"))));
}

// A lazy model is ready, and loaded for who wants to know what it takes.
TEST_F(ControlTest, LoadsWhatRests) {
  ModelConfig config;
  config.lazy = true;
  std::ofstream(dir_ / "m.testmodel") << "";
  FolderModel found;
  found.spec.name = "m";
  found.spec.path = "m.testmodel";
  found.spec.config = config;
  std::promise<void> listed;
  service_->DeployFound(found, [&listed](const auto&) { listed.set_value(); });
  listed.get_future().get();
  EXPECT_EQ(Call(Verb::kGet, "/v2/models/m/ready").status, 200);
  EXPECT_THAT(Get("/v2/models/m"), HasSubstr(R"("name":"x")"));
}

TEST_F(ControlTest, Counts) {
  ASSERT_TRUE(Deploy(""));
  ASSERT_TRUE(Start(1).get());
  EXPECT_THAT(
      Get("/v2/models/m/stats"),
      AllOf(HasSubstr(R"({"model_stats":[{"name":"m","version":"v1","last_inference":)"),
            HasSubstr(R"("inference_count":1,"execution_count":1)"),
            HasSubstr(R"("success":{"count":1,"ns":)"), HasSubstr(R"("fail":{"count":0,"ns":0})"),
            HasSubstr(R"("batch_stats":[{"batch_size":1,"compute_input":{"count":1)")));
  EXPECT_THAT(Get("/v2/models/stats"), HasSubstr(R"("name":"m")"));
  EXPECT_THAT(Get("/v2/models/m/versions/v1/stats"), HasSubstr(R"("name":"m")"));
  EXPECT_THAT(ErrorOf(Call(Verb::kGet, "/v2/models/nobody/stats"), 400),
              HasSubstr("requested model 'nobody' is not available"));
}

TEST_F(ControlTest, UnloadsAndLoadsAgain) {
  ASSERT_TRUE(Deploy("factor 3\n"));
  EXPECT_EQ(Post("/v2/repository/index"), R"([{"name":"m","version":"v1","state":"READY"}])");
  EXPECT_EQ(
      Post("/v2/repository/models/m/unload", R"({"parameters": {"unload_dependents": true}})"), "");
  EXPECT_EQ(Call(Verb::kGet, "/v2/models/m").status, 404);
  EXPECT_THAT(
      Post("/v2/repository/index"),
      HasSubstr(R"({"name":"m","version":"v1","state":"UNAVAILABLE","reason":"unloaded"})"));
  EXPECT_EQ(Post("/v2/repository/index", R"({"ready": true})"), "[]");
  EXPECT_EQ(Post("/v2/repository/models/m/load"), "");
  EXPECT_EQ(Start(1).get()->outputs[0].tensor.values<float>()[0], 3);
  EXPECT_EQ(Post("/v2/repository/models/nobody/unload"), "") << "is unloaded already";
}

TEST_F(ControlTest, LoadsWhatLiesInTheFolder) {
  std::filesystem::create_directories(dir_ / "fresh" / "2");
  std::ofstream(dir_ / "fresh" / "2" / "f.testmodel") << "factor 4\n";
  EXPECT_EQ(Post("/v2/repository/index"), R"([{"name":"fresh"}])");
  EXPECT_EQ(Post("/v2/repository/models/fresh/load"), "");
  EXPECT_THAT(Get("/v2/models/fresh"), HasSubstr(R"("versions":["2"])"));
  std::ofstream(dir_ / "fresh" / "2" / "f.testmodel") << "fail_load it broke\n";
  EXPECT_THAT(ErrorOf(Call(Verb::kPost, "/v2/repository/models/fresh/load", ""), 400),
              AllOf(HasSubstr("load failed for model 'fresh': version 2 is at UNAVAILABLE state:"),
                    HasSubstr("it broke")));
  EXPECT_EQ(Call(Verb::kGet, "/v2/models/fresh/ready").status, 200) << "the old one serves on";
  EXPECT_THAT(ErrorOf(Call(Verb::kPost, "/v2/repository/models/nobody/load", ""), 500),
              HasSubstr("failed to load 'nobody', failed to poll from model repository"));
}

TEST_F(ControlTest, LoadsFilesAndConfigurationOfTheRequest) {
  ASSERT_TRUE(Deploy("factor 2\n"));
  // "factor 7\n"
  EXPECT_EQ(Post("/v2/repository/models/m/load",
                 R"({"parameters": {"config": "{\"max_batch_size\": 4}",
                                    "file:5/f.testmodel": "ZmFjdG9yIDcK"}})"),
            "");
  EXPECT_EQ(Start(1).get()->outputs[0].tensor.values<float>()[0], 7);
  EXPECT_THAT(Get("/v2/models/m/config"), HasSubstr(R"("max_batch_size":4)"));
  const auto uploads = dir_ / ".plinth" / "uploads" / "m";
  EXPECT_TRUE(std::filesystem::exists(uploads));
  Post("/v2/repository/models/m/unload");
  EXPECT_FALSE(std::filesystem::exists(uploads)) << "files go with the model";

  EXPECT_THAT(ErrorOf(Call(Verb::kPost, "/v2/repository/models/m/load",
                           R"({"parameters": {"file:1/../../x": "aGk="}})"),
                      400),
              HasSubstr("expected <version>/<path>"));
  EXPECT_THAT(ErrorOf(Call(Verb::kPost, "/v2/repository/models/..%2Fx/load", ""), 400),
              HasSubstr("model name"));
}

TEST_F(ControlTest, ALaterLoadTakesWhatLiesInTheFolderAgain) {
  std::filesystem::create_directories(dir_ / "fresh" / "2");
  std::ofstream(dir_ / "fresh" / "2" / "f.testmodel") << "factor 4\n";
  const std::string load = "/v2/repository/models/fresh/load";
  EXPECT_EQ(Post(load, R"({"parameters": {"config": "{\"max_batch_size\": \"3\"}"}})"), "");
  EXPECT_THAT(Get("/v2/models/fresh/config"), HasSubstr(R"("max_batch_size":3,)"));
  EXPECT_EQ(Post(load), "");
  EXPECT_THAT(Get("/v2/models/fresh/config"), Not(HasSubstr(R"("max_batch_size":3,)")));
  // "factor 7\n", and "fail_load it broke\n": neither takes the repository's place.
  EXPECT_EQ(Post(load, R"({"parameters": {"config": "{}", "file:5/f.testmodel": "ZmFjdG9yIDcK"}})"),
            "");
  EXPECT_THAT(Get("/v2/models/fresh"), HasSubstr(R"("versions":["5"])"));
  EXPECT_EQ(Post(load), "");
  EXPECT_THAT(Get("/v2/models/fresh"), HasSubstr(R"("versions":["2"])"));
  Post("/v2/repository/models/fresh/unload");
  ErrorOf(
      Call(
          Verb::kPost, load,
          R"({"parameters": {"config": "{}", "file:2/f.testmodel": "ZmFpbF9sb2FkIGl0IGJyb2tlCg=="}})"),
      400);
  EXPECT_EQ(Post(load), "");
  EXPECT_THAT(Get("/v2/models/fresh"), HasSubstr(R"("versions":["2"])"));
  EXPECT_THAT(ErrorOf(Call(Verb::kPost, load, R"({"parameters": {"config": "{{"}})"), 400),
              HasSubstr("failed to load 'fresh'"));
}

TEST_F(ControlTest, HasSettings) {
  EXPECT_THAT(Get("/v2/logging"), HasSubstr(R"("log_error":true)"));
  EXPECT_THAT(Post("/v2/logging", R"({"log_format": "ISO8601"})"), HasSubstr("ISO8601"));
  EXPECT_THAT(ErrorOf(Call(Verb::kPost, "/v2/logging", R"({"log_file": "x"})"), 501),
              HasSubstr("log file location can not be updated"));
  EXPECT_THAT(Get("/v2/trace/setting"), HasSubstr(R"("trace_rate":"1000")"));
  EXPECT_EQ(Call(Verb::kGet, "/v2/models/nobody/trace/setting").status, 404);
  ASSERT_TRUE(Deploy(""));
  EXPECT_THAT(Post("/v2/models/m/trace/setting", R"({"trace_rate": "2"})"),
              HasSubstr(R"("trace_rate":"2")"));
  EXPECT_THAT(Get("/v2/models/m/trace/setting"), HasSubstr(R"("trace_rate":"2")"));
}

TEST_F(ControlTest, ListsAllExtensions) {
  EXPECT_THAT(Get("/v2"), AllOf(HasSubstr(R"("name":"triton","version":"1.2.3")"),
                                HasSubstr("model_repository(unload_dependents)"),
                                HasSubstr("statistics"), HasSubstr("logging")));
}

}  // namespace
}  // namespace plinth::api::openinference
