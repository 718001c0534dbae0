#include "api/openinference/repository_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth::api::openinference {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

DeploySpec Spec() {
  DeploySpec spec;
  spec.name = "m";
  return spec;
}

std::string ErrorOf(std::string_view json) {
  DeploySpec spec = Spec();
  const Status applied = ApplyTritonConfig(json, spec);
  if (applied) {
    ADD_FAILURE() << "was accepted: " << json;
    return "";
  }
  EXPECT_EQ(applied.error().code, Code::kInvalidArgument);
  return applied.error().message;
}

TEST(ApplyTritonConfigTest, TakesWhatPlinthHas) {
  DeploySpec spec = Spec();
  const Status applied = ApplyTritonConfig(R"({
    "name": "m", "backend": "onnxruntime", "platform": "", "max_batch_size": 16,
    "input": [{"name": "x"}], "version_policy": {"all": {}},
    "dynamic_batching": {"preferred_batch_size": [8, 4], "max_queue_delay_microseconds": "1500",
      "default_queue_policy": {"max_queue_size": 7, "default_timeout_microseconds": 2000}},
    "instance_group": [{"count": 2, "kind": "KIND_CPU"}, {"count": 1}],
    "response_cache": {"enable": true},
    "parameters": {"intra_op_num_threads": {"string_value": "2"}}})",
                                           spec);
  ASSERT_TRUE(applied) << applied.error().message;
  EXPECT_EQ(spec.engine, "onnxruntime");
  EXPECT_EQ(spec.config.batch_size, 16);
  EXPECT_THAT(spec.config.preferred_batch_sizes, ElementsAre(4, 8));
  EXPECT_EQ(spec.config.batch_timeout_ms, 2);
  EXPECT_EQ(spec.config.max_queue, 7);
  EXPECT_EQ(spec.config.timeout_ms, 2);
  EXPECT_EQ(spec.config.instances, (InstanceLimits{3, 3}));
  EXPECT_GT(spec.config.cache_size, 0);
  EXPECT_EQ(spec.config.options.at("intra_op_num_threads"), "2");
}

TEST(ApplyTritonConfigTest, NoBatchingIsNone) {
  DeploySpec spec = Spec();
  ASSERT_TRUE(ApplyTritonConfig(R"({"max_batch_size": 0})", spec));
  EXPECT_EQ(spec.config.batch_size, 0);
}

TEST(ApplyTritonConfigTest, RefusesWhatItCannotDo) {
  EXPECT_THAT(ErrorOf("{"), HasSubstr("config"));
  EXPECT_THAT(ErrorOf(R"({"backend": "tensorrt"})"), HasSubstr("\"tensorrt\""));
  EXPECT_THAT(ErrorOf(R"({"name": "other"})"), HasSubstr("the model's name"));
  EXPECT_THAT(ErrorOf(R"({"max_batch_size": -1})"), HasSubstr("max_batch_size"));
  EXPECT_THAT(ErrorOf(R"({"max_batch_size": 1000000})"), HasSubstr("batch_size"));
  EXPECT_THAT(ErrorOf(R"({"instance_group": [{"count": "many"}]})"), HasSubstr("count"));
  EXPECT_THAT(ErrorOf(R"({"max_batch_size": 4,
      "dynamic_batching": {"preferred_batch_size": [8]}})"),
              HasSubstr("preferred_batch_sizes"));
}

TEST(DecodeLoadTest, ReadsConfigAndFiles) {
  const auto request = DecodeLoad(
      R"({"parameters": {"config": "{}", "file:1/model.onnx": "aGk=", "file:2/a/b": ""}})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->config, "{}");
  ASSERT_EQ(request->files.size(), 2U);
  EXPECT_EQ(request->files[0].version, "1");
  EXPECT_EQ(request->files[0].path, "model.onnx");
  EXPECT_EQ(request->files[0].bytes, "hi");
  EXPECT_EQ(request->files[1].path, "a/b");
  EXPECT_TRUE(DecodeLoad(""));
  EXPECT_TRUE(DecodeLoad("{}"));
}

TEST(DecodeLoadTest, RefusesWhatItDoesNotKnow) {
  const auto error = [](std::string_view json) {
    const auto request = DecodeLoad(json);
    return request ? std::string("was accepted") : request.error().message;
  };
  EXPECT_THAT(error(R"({"parameters": {"file:1/m": "?"}})"), HasSubstr("base64"));
  EXPECT_THAT(error(R"({"parameters": {"file:../m": "aGk="}})"), HasSubstr("'../m'"));
  EXPECT_THAT(error(R"({"parameters": {"colour": "red"}})"), HasSubstr("unknown parameter"));
  EXPECT_THAT(error(R"({"parameters": {"config": 1}})"), HasSubstr("a string"));
  EXPECT_THAT(error(R"({"parameters": 1})"), HasSubstr("parameters"));
  EXPECT_THAT(error("["), HasSubstr("request"));
}

}  // namespace
}  // namespace plinth::api::openinference
