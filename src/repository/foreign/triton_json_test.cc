#include "repository/foreign/triton_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth {
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
    "parameters": {"intra_op_thread_count": {"string_value": "2"}}})",
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
  EXPECT_EQ(spec.config.threads, 2);
}

TEST(ApplyTritonConfigTest, KeepsWhatItDoesNotName) {
  DeploySpec spec = Spec();
  spec.engine = "openvino";
  spec.config.cache_size = 5;
  spec.config.instances = {2, 2};
  ASSERT_TRUE(ApplyTritonConfig(R"({"maxBatchSize": 4})", spec));
  EXPECT_EQ(spec.engine, "openvino");
  EXPECT_EQ(spec.config.batch_size, 4);
  EXPECT_EQ(spec.config.cache_size, 5);
  EXPECT_EQ(spec.config.instances, (InstanceLimits{2, 2}));
}

TEST(ApplyTritonConfigTest, DemandsTheDeclaredTensors) {
  DeploySpec spec = Spec();
  ASSERT_TRUE(ApplyTritonConfig(R"({"max_batch_size": 4,
      "input": [{"name": "x", "data_type": "TYPE_FP32", "dims": ["-1", 3]}]})",
                                spec));
  ASSERT_NE(spec.demands, nullptr);
  ASSERT_EQ(spec.demands->inputs.size(), 1U);
  EXPECT_EQ(spec.demands->inputs[0].name, "x");
  EXPECT_EQ(spec.demands->inputs[0].shape, (Shape{-1, -1, 3}));
}

TEST(ApplyTritonConfigTest, WarnsOfWhatHasNoEffect) {
  DeploySpec spec = Spec();
  ASSERT_TRUE(ApplyTritonConfig(
      R"({"sequence_batching": {}, "parameters": {"a": {"string_value": "b"}}})", spec));
  EXPECT_THAT(spec.warnings, ElementsAre(HasSubstr("config: 'sequence_batching'"),
                                         HasSubstr("'a' has no effect")));
}

TEST(ApplyTritonConfigTest, NoBatchingIsNone) {
  DeploySpec spec = Spec();
  ASSERT_TRUE(ApplyTritonConfig(R"({"max_batch_size": 0})", spec));
  EXPECT_EQ(spec.config.batch_size, 0);
}

TEST(ApplyTritonConfigTest, RefusesWhatItCannotDo) {
  EXPECT_THAT(ErrorOf("{"), HasSubstr("config"));
  EXPECT_THAT(ErrorOf(R"({"backend": "tensorrt"})"), HasSubstr("'tensorrt'"));
  EXPECT_THAT(ErrorOf(R"({"name": "other"})"), HasSubstr("the model's name"));
  EXPECT_THAT(ErrorOf(R"({"max_batch_size": -1})"), HasSubstr("max_batch_size"));
  EXPECT_THAT(ErrorOf(R"({"max_batch_size": 1000000})"), HasSubstr("batch_size"));
  EXPECT_THAT(ErrorOf(R"({"instance_group": [{"count": "many"}]})"), HasSubstr("count"));
  EXPECT_THAT(ErrorOf(R"({"max_batch_size": 4,
      "dynamic_batching": {"preferred_batch_size": [8]}})"),
              HasSubstr("'preferred_batch_size' 8"));
}

}  // namespace
}  // namespace plinth
