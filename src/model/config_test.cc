#include "model/config.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

Error ErrorOf(std::string_view json) {
  const auto config = ParseModelConfig(json);
  EXPECT_FALSE(config.has_value()) << json;
  return config ? Error{} : config.error();
}

Error SignatureErrorOf(std::string_view json) {
  ModelConfig config;
  const auto read = ParseDeclaredSignature(json, config);
  EXPECT_FALSE(read.has_value()) << json;
  return read ? Error{} : read.error();
}

TEST(ConfigTest, AnEmptyObjectIsTheDefaults) {
  const auto config = ParseModelConfig("{}");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->batch_size, 32);
  EXPECT_EQ(config->timeout_ms, 30'000);
  EXPECT_TRUE(config->options.empty());
}

TEST(ConfigTest, ReadsEveryNumber) {
  const auto config = ParseModelConfig(R"({"batch_size": 8, "batch_timeout_ms": 1, "timeout_ms": 2,
    "cache_size": 3, "cache_ttl_ms": 4, "instances": 5, "threads": 6, "max_queue": 7})");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->batch_size, 8);
  EXPECT_EQ(config->batch_timeout_ms, 1);
  EXPECT_EQ(config->timeout_ms, 2);
  EXPECT_EQ(config->cache_size, 3);
  EXPECT_EQ(config->cache_ttl_ms, 4);
  EXPECT_EQ(config->instances, (InstanceLimits{5, 5}));
  EXPECT_EQ(config->threads, 6);
  EXPECT_EQ(config->max_queue, 7);
}

TEST(ConfigTest, InstancesAreANumberOrARange) {
  EXPECT_EQ(ParseModelConfig(R"({"instances": {"min": 2, "max": 4}})")->instances,
            (InstanceLimits{2, 4}));
  EXPECT_EQ(ParseModelConfig(R"({"instances": {"max": 4}})")->instances, (InstanceLimits{1, 4}));
  EXPECT_EQ(ParseModelConfig(R"({"instances": {"min": 3}})")->instances, (InstanceLimits{3, 3}));
  EXPECT_EQ(ErrorOf(R"({"instances": {"min": 3, "max": 2}})").message,
            "config key 'instances': min is 3, more than max, 2");
  EXPECT_THAT(ErrorOf(R"({"instances": {"mix": 3}})").message, HasSubstr("min"));
  EXPECT_EQ(ErrorOf(R"({"instances": "3"})").code, Code::kInvalidArgument);
}

TEST(ConfigTest, PreferredSizesAreSortedAndFitTheBatch) {
  EXPECT_THAT(ParseModelConfig(R"({"preferred_batch_sizes": [8, 4, 8]})")->preferred_batch_sizes,
              ElementsAre(4, 8));
  EXPECT_EQ(ErrorOf(R"({"batch_size": 8, "preferred_batch_sizes": [16]})").message,
            "config key 'preferred_batch_sizes' holds 16, more than batch_size, 8");
  EXPECT_EQ(ErrorOf(R"({"preferred_batch_sizes": [0]})").code, Code::kInvalidArgument);
}

TEST(ConfigTest, PriorityIsOneOfThree) {
  EXPECT_EQ(ParseModelConfig("{}")->priority, Priority::kNormal);
  EXPECT_EQ(ParseModelConfig(R"({"priority": "low"})")->priority, Priority::kLow);
  EXPECT_EQ(ErrorOf(R"({"priority": "hihg"})").message,
            "config key 'priority' is \"hihg\", expected one of high, normal, low; did you mean "
            "'high'?");
}

TEST(ConfigTest, OptionsBecomeText) {
  const auto config = ParseModelConfig(
      R"({"options": {"precision": "f32", "threads": 4, "profiling": false, "scale": 0.5}})");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_THAT(config->options, ElementsAre(Pair("precision", "f32"), Pair("profiling", "false"),
                                           Pair("scale", "0.5"), Pair("threads", "4")));
}

TEST(ConfigTest, LabelsOfClasses) {
  const auto config =
      ParseModelConfig(R"({"batch_size": 0, "class_labels": {"y": ["cat", "", "d\"g"], "z": []}})");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_THAT(config->class_labels.Of("y"), ElementsAre("cat", "", "d\"g"));
  EXPECT_TRUE(config->class_labels.Of("x").empty());
  EXPECT_EQ(ParseModelConfig(EncodeModelConfig(*config)), *config);
  EXPECT_THAT(ErrorOf(R"({"class_labels": {"y": ["cat", 1]}})").message,
              HasSubstr("an array of strings"));
  EXPECT_THAT(ErrorOf(R"({"class_labels": ["cat"]})").message, HasSubstr("class_labels"));
}

TEST(ConfigTest, RefusalsNameKeyValueAndExpectation) {
  EXPECT_EQ(ErrorOf(R"({"batch_size": "8"})").message,
            "config key 'batch_size' is \"8\", expected a whole number from 0 to 65536");
  EXPECT_EQ(ErrorOf(R"({"batch_size": -1})").message,
            "config key 'batch_size' is -1, expected a whole number from 0 to 65536");
  EXPECT_EQ(ErrorOf(R"({"batch_size": 65537})").code, Code::kInvalidArgument);
  EXPECT_EQ(ErrorOf(R"({"timeout_ms": -1})").code, Code::kInvalidArgument);
  EXPECT_EQ(ErrorOf(R"({"timeout_ms": 1.5})").code, Code::kInvalidArgument);
  EXPECT_EQ(ErrorOf(R"({"timeout_ms": 99999999999999999999})").code, Code::kInvalidArgument);
  EXPECT_THAT(ErrorOf(R"({"options": {"a": [1]}})").message,
              HasSubstr("options key 'a' is an array"));
}

TEST(ConfigTest, AnUnknownKeyComesWithTheNearest) {
  const std::string message = ErrorOf(R"({"batchsize": 8})").message;
  EXPECT_THAT(message, HasSubstr("'batchsize' is unknown; did you mean 'batch_size'?"));
  EXPECT_THAT(message, HasSubstr("max_queue"));
}

TEST(ConfigTest, RefusesDoubledKeysAndWhatIsNoObject) {
  EXPECT_THAT(ErrorOf(R"({"threads": 1, "threads": 2})").message, HasSubstr("given twice"));
  EXPECT_THAT(ErrorOf("[1]").message, HasSubstr("expected a JSON object"));
  EXPECT_THAT(ErrorOf("").message, HasSubstr("empty"));
  EXPECT_THAT(ErrorOf("{\"threads\": 1").message, HasSubstr("not valid JSON"));
  EXPECT_THAT(ErrorOf(R"({"threads": NaN})").message, HasSubstr("not valid JSON"));
  const std::string deep = "{\"options\":" + std::string(200, '[') + std::string(200, ']') + "}";
  EXPECT_THAT(ErrorOf(deep).message, HasSubstr("deeper than 100"));
}

TEST(ConfigTest, ReleaseKeysAreReadBesideTheOthers) {
  const auto config = ParseModelConfig(
      R"({"lazy": true, "versions": {"v1": {"traffic": 1}}, "labels": {"stable": "v1"}})");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_TRUE(config->lazy);
  EXPECT_EQ(config->release.versions, (std::vector<VersionTraffic>{{"v1", 1, 0}}));
  EXPECT_EQ(config->release.labels->at("stable"), "v1");
  EXPECT_FALSE(config->release.sticky);
  EXPECT_EQ(ErrorOf(R"({"lazy": 1})").message, "config key 'lazy' is 1, expected true or false");
  EXPECT_TRUE(ParseModelConfig("{}")->release.empty());
}

TEST(ConfigTest, WhatIsWrittenReadsBackEqual) {
  EXPECT_EQ(ParseModelConfig(EncodeModelConfig({})), ModelConfig());
  const auto config = ParseModelConfig(R"({
      "batch_size": 8, "preferred_batch_sizes": [2, 8], "batch_timeout_ms": 1, "timeout_ms": 2,
      "cache_size": 3, "cache_ttl_ms": 4, "instances": {"min": 2, "max": 5}, "threads": 6,
      "max_queue": 7, "priority": "low", "lazy": true,
      "options": {"precision": "f32", "odd \" key": "\u00e4\n"},
      "inputs": [{"name": "x", "datatype": "FP32", "shape": [2, -1], "batch_axis": 1},
                 {"name": "any", "optional": true}, {"name": "scalar", "shape": []}],
      "outputs": [{"name": "y", "shape": [-1, 3], "batch_axis": -1}]})");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(ParseModelConfig(EncodeModelConfig(*config)), *config);
}

TEST(DeclaredSignatureTest, ReadsNamesTypesAndShapes) {
  ModelConfig config;
  const auto read = ParseDeclaredSignature(
      R"({"inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 64]}, {"name": "free"}],
          "outputs": [{"name": "y", "datatype": "ANY", "shape": [10, -1], "batch_axis": 1}]})",
      config);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  ASSERT_EQ(config.inputs.size(), 2U);
  EXPECT_EQ(config.inputs[0].name, "x");
  EXPECT_EQ(config.inputs[0].dtype, DType::kFp32);
  EXPECT_EQ(config.inputs[0].shape, (Shape{-1, 64}));
  EXPECT_EQ(config.inputs[0].batch_axis, 0);
  EXPECT_EQ(config.inputs[1].dtype, DType::kAny);
  EXPECT_FALSE(config.inputs[1].shape.has_value());
  EXPECT_EQ(config.inputs[1].batch_axis, -1);
  ASSERT_EQ(config.outputs.size(), 1U);
  EXPECT_EQ(config.outputs[0].batch_axis, 1);
}

TEST(DeclaredSignatureTest, AShapeWithoutOpenDimensionHasNoBatchAxis) {
  ModelConfig config;
  ASSERT_TRUE(ParseDeclaredSignature(R"({"inputs": [{"name": "x", "shape": [2, 3]}]})", config));
  EXPECT_EQ(config.inputs.at(0).batch_axis, -1);
}

TEST(DeclaredSignatureTest, RefusesWhatCannotBe) {
  EXPECT_THAT(SignatureErrorOf(R"({"inputs": [{"name": "x", "datatype": "FLOAT32"}]})").message,
              HasSubstr("expected one of BOOL"));
  EXPECT_THAT(SignatureErrorOf(R"({"inputs": [{"shape": [1]}]})").message,
              HasSubstr("no \"name\""));
  EXPECT_THAT(SignatureErrorOf(R"({"inputs": [{"name": "x"}, {"name": "x"}]})").message,
              HasSubstr("'x' is given twice"));
  EXPECT_THAT(SignatureErrorOf(R"({"inputs": [{"name": "x", "shape": [-2]}]})").message,
              HasSubstr("is -2"));
  EXPECT_THAT(
      SignatureErrorOf(R"({"inputs": [{"name": "x", "shape": [4], "batch_axis": 0}]})").message,
      HasSubstr("no open dimension"));
  EXPECT_THAT(SignatureErrorOf(
                  R"({"inputs": [{"name": "x", "shape": [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}]})")
                  .message,
              HasSubstr("at most 16"));
  EXPECT_THAT(SignatureErrorOf(R"({"input": []})").message, HasSubstr("did you mean 'inputs'?"));
}

}  // namespace
}  // namespace plinth
