#include "api/tfserving/target.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace plinth::api::tfserving {
namespace {

using net::Verb;

// "<method> <model> <version or label>", or what is wrong.
std::string Parsed(Verb verb, std::string_view path) {
  const auto target = ParseTarget(verb, path);
  if (!target) {
    EXPECT_EQ(target.error().code, Code::kInvalidArgument);
    return target.error().message;
  }
  constexpr std::string_view kNames[] = {"predict", "classify", "regress", "status", "metadata"};
  std::string text(kNames[static_cast<int>(target->method)]);
  text += " " + target->spec.name;
  if (target->spec.version) text += " #" + std::to_string(*target->spec.version);
  if (target->spec.label) text += " @" + *target->spec.label;
  return text;
}

TEST(TargetTest, ReadsEveryPath) {
  EXPECT_EQ(Parsed(Verb::kPost, "/v1/models/m:predict"), "predict m");
  EXPECT_EQ(Parsed(Verb::kPost, "/v1/models/m/versions/7:classify"), "classify m #7");
  EXPECT_EQ(Parsed(Verb::kPost, "/v1/models/m/labels/stable:regress"), "regress m @stable");
  EXPECT_EQ(Parsed(Verb::kGet, "/v1/models/m"), "status m");
  EXPECT_EQ(Parsed(Verb::kHead, "/v1/models/m/versions/007"), "status m #7");
  EXPECT_EQ(Parsed(Verb::kGet, "/v1/models/m/metadata"), "metadata m");
  EXPECT_EQ(Parsed(Verb::kGet, "/v1/models/m/versions/1/metadata"), "metadata m #1");
  EXPECT_EQ(Parsed(Verb::kGet, "/v1/models/m/labels/a/metadata"), "metadata m @a");
}

TEST(TargetTest, FixedPartsHaveNoCaseAndNamesAreDecoded) {
  EXPECT_EQ(Parsed(Verb::kPost, "/V1/Models/M%20x/Versions/3:PREDICT"), "predict M x #3");
  EXPECT_EQ(Parsed(Verb::kGet, "/v1/models/m/labels/a%2Fb"), "status m @a/b");
}

TEST(TargetTest, RefusesWhatTfServingRefuses) {
  const auto malformed = [](Verb verb, std::string_view path, std::string_view name) {
    EXPECT_EQ(Parsed(verb, path),
              "Malformed request: " + std::string(name) + " " + std::string(path));
  };
  malformed(Verb::kGet, "/v1/foo", "GET");
  malformed(Verb::kPost, "/v1/foo", "POST");
  malformed(Verb::kPost, "/v1/models", "POST");
  malformed(Verb::kGet, "/v1/models/foo:predict", "GET");
  malformed(Verb::kPost, "/v1/models/foo", "POST");
  malformed(Verb::kPost, "/v1/models/foo:explain", "POST");
  malformed(Verb::kPost, "/v1/models/foo/version/50:regress", "POST");
  malformed(Verb::kPost, "/v1/models/foo/versions/HELLO:regress", "POST");
  malformed(Verb::kPost, "/v1/models/foo/versions/1/labels/a:predict", "POST");
  malformed(Verb::kPost, "/v1/models/foo/versions:predict", "POST");
  malformed(Verb::kPost, "/v1/models/a:b:predict", "POST");
  malformed(Verb::kPut, "/v1/models/foo:predict", "PUT");
  malformed(Verb::kGet, "/v1/models/foo/", "GET");
  malformed(Verb::kGet, "/v1/models/foo/metadata/x", "GET");
  EXPECT_EQ(Parsed(Verb::kGet, "/v1/models"), "Missing model name in request.");
  EXPECT_EQ(Parsed(Verb::kPost, "/v1/models/foo/versions/18446744073709551615:predict"),
            "Failed to convert version: 18446744073709551615 to numeric.");
}

TEST(VersionNumberTest, IsThatOfPlainNumbersAndOfThoseBehindAV) {
  EXPECT_EQ(VersionNumber("3"), 3);
  EXPECT_EQ(VersionNumber("v12"), 12);
  EXPECT_EQ(VersionNumber("canary"), std::nullopt);
  EXPECT_EQ(VersionNumber("v"), std::nullopt);
  EXPECT_EQ(VersionNumber(""), std::nullopt);
  EXPECT_EQ(VersionNumber("1.2"), std::nullopt);
  EXPECT_EQ(VersionNumber("-1"), std::nullopt);
  EXPECT_EQ(VersionNumber("v99999999999999999999"), std::nullopt);
}

}  // namespace
}  // namespace plinth::api::tfserving
