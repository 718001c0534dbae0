#include "api/openinference/repository_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth::api::openinference {
namespace {

using testing::HasSubstr;

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
