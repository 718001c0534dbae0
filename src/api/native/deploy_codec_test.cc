#include "api/native/deploy_codec.h"

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth::api {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(std::string_view body, const std::string& name = "",
                    const std::string& version = "") {
  const auto spec = DecodeDeploy(body, name, version);
  if (spec) {
    ADD_FAILURE() << "was accepted: " << body;
    return "";
  }
  EXPECT_EQ(spec.error().code, Code::kInvalidArgument);
  return spec.error().message;
}

VersionInfo Info() {
  VersionInfo info;
  info.name = "digits";
  info.version = "v2";
  info.framework = "sklearn";
  info.engine = "sklearn";
  info.path = "/m/p.joblib";
  info.state = VersionState::kReady;
  info.load_ms = 1.5;
  info.signature.inputs = {{.name = "X", .dtype = DType::kFp64, .shape = Shape{-1, 64}}};
  info.signature.outputs = {{.name = "y", .dtype = DType::kAny, .shape = std::nullopt}};
  return info;
}

TEST(DeployCodecTest, ReadsEveryKey) {
  const auto spec =
      DecodeDeploy(R"({"name": "m", "framework": "onnx", "engine": "onnxruntime", "path": "m.onnx",
    "version": "v7", "config": {"batch_size": 4, "options": {"optimization": "none"}}, "replace": true})",
                   "", "");
  ASSERT_TRUE(spec.has_value()) << spec.error().message;
  EXPECT_EQ(spec->name, "m");
  EXPECT_EQ(spec->framework, "onnx");
  EXPECT_EQ(spec->engine, "onnxruntime");
  EXPECT_EQ(spec->path, "m.onnx");
  EXPECT_EQ(spec->version, "v7");
  EXPECT_EQ(spec->config.batch_size, 4);
  EXPECT_EQ(spec->config.options.at("optimization"), "none");
  EXPECT_TRUE(spec->replace);
}

TEST(DeployCodecTest, MostCanBeLeftOut) {
  const auto spec = DecodeDeploy(R"({"name": "m", "path": "p"})", "", "");
  ASSERT_TRUE(spec.has_value()) << spec.error().message;
  EXPECT_EQ(spec->version, "v1");
  EXPECT_FALSE(spec->replace);
}

TEST(DeployCodecTest, ThePathOfTheRequestNamesModelAndVersion) {
  const auto spec = DecodeDeploy(R"({"path": "p"})", "m", "v3");
  ASSERT_TRUE(spec.has_value()) << spec.error().message;
  EXPECT_EQ(spec->name, "m");
  EXPECT_EQ(spec->version, "v3");
  EXPECT_TRUE(
      DecodeDeploy(R"({"path": "p", "name": "m", "version": "v3"})", "m", "v3").has_value());
  EXPECT_THAT(ErrorOf(R"({"path": "p", "name": "other"})", "m", "v3"),
              HasSubstr("name 'other' is not the path's 'm'"));
  EXPECT_THAT(ErrorOf(R"({"path": "p", "version": "v4"})", "m", "v3"), HasSubstr("version 'v4'"));
}

TEST(DeployCodecTest, RefusalsSayWhatToChange) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("empty"));
  EXPECT_THAT(ErrorOf("[]"), HasSubstr("expected a JSON object"));
  EXPECT_THAT(ErrorOf("{}"), HasSubstr("no \"name\""));
  EXPECT_THAT(ErrorOf(R"({"name": "m"})"), HasSubstr("no \"path\""));
  EXPECT_THAT(ErrorOf(R"({"nme": "m"})"), HasSubstr("did you mean 'name'?"));
  EXPECT_THAT(ErrorOf(R"({"name": 3})"), HasSubstr("is 3, expected a string"));
  EXPECT_THAT(ErrorOf(R"({"name": "a/b", "path": "p"})"), HasSubstr("'a/b' is not allowed"));
  EXPECT_THAT(ErrorOf(R"({"name": "..", "path": "p"})"), HasSubstr("not allowed"));
  EXPECT_THAT(ErrorOf(R"({"name": "m", "path": "p", "version": "v 1"})"),
              HasSubstr("version 'v 1'"));
  EXPECT_THAT(ErrorOf(R"({"name": "m", "name": "m", "path": "p"})"), HasSubstr("given twice"));
  EXPECT_THAT(ErrorOf(R"({"name": "m", "path": "p", "config": []})"),
              HasSubstr("expected an object"));
  EXPECT_THAT(ErrorOf(R"({"name": "m", "path": "p", "config": {"batchsize": 1}})"),
              HasSubstr("'batch_size'"));
  EXPECT_THAT(ErrorOf(R"({"name": "m", "path": "p\u0000q"})"), HasSubstr("NUL"));
  EXPECT_THAT(ErrorOf(R"({"name": "m", "path": "p", "replace": 1})"), HasSubstr("true or false"));
}

TEST(DeployCodecTest, WritesWhatWasDeployed) {
  EXPECT_EQ(
      EncodeDeployed(Info()),
      R"({"name":"digits","version":"v2","framework":"sklearn","engine":"sklearn","state":"ready",)"
      R"("load_ms":1.500,"inputs":[{"name":"X","datatype":"FP64","shape":[-1,64]}],)"
      R"("outputs":[{"name":"y","datatype":"ANY","shape":null}]})");
}

TEST(DeployCodecTest, WritesWarningsAndErrorsWhereThereAreAny) {
  VersionInfo info = Info();
  info.warnings = {"careful"};
  EXPECT_THAT(EncodeDeployed(info), HasSubstr(R"("warnings":["careful"])"));
  info.state = VersionState::kFailed;
  info.error = "broken";
  EXPECT_THAT(EncodeVersion(info, {}), HasSubstr(R"("state":"failed","error":"broken")"));
}

TEST(DeployCodecTest, DescriptionsHaveTheEffectiveConfiguration) {
  VersionInfo info = Info();
  info.config.instances = {2, 2};
  info.config.options["precision"] = "f32";
  const std::string text = EncodeModel({"digits", {info}}, std::vector<VersionFigures>(1));
  EXPECT_THAT(text, HasSubstr(R"({"name":"digits","versions":[{"version":"v2")"));
  EXPECT_THAT(
      text,
      HasSubstr(
          R"("config":{"batch_size":32,"batch_timeout_ms":0,"timeout_ms":30000,"cache_size":0,)"
          R"("cache_ttl_ms":60000,"instances":2,"threads":0,"max_queue":1024,"priority":"normal",)"
          R"("lazy":false,"options":{"precision":"f32"}})"));
}

TEST(DeployCodecTest, ListsModels) {
  const std::vector<ModelInfo> models = {{"digits", {Info()}}, {"empty", {}}};
  EXPECT_EQ(
      EncodeModels(models),
      R"({"models":[{"name":"digits","versions":[{"version":"v2","framework":"sklearn","engine":"sklearn",)"
      R"("state":"ready","load_ms":1.500}]},{"name":"empty","versions":[]}]})");
  EXPECT_EQ(EncodeModels({}), R"({"models":[]})");
}

}  // namespace
}  // namespace plinth::api
