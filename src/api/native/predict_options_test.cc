#include "api/native/predict_options.h"

#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ErrorOf(std::string_view query) {
  const auto options = ParsePredictQuery(query, "user");
  if (options) return "was accepted";
  EXPECT_EQ(options.error().code, Code::kInvalidArgument);
  return options.error().message;
}

TEST(PredictOptionsTest, ReadsAQuery) {
  const auto options =
      ParsePredictQuery("version=v2&outputs=label,a%2Cb+c&priority=high&timeout_ms=50", "");
  ASSERT_TRUE(options.has_value()) << options.error().message;
  EXPECT_EQ(options->version, "v2");
  EXPECT_THAT(options->outputs, ElementsAre("label", "a,b c"));
  EXPECT_EQ(options->priority, Priority::kHigh);
  EXPECT_EQ(options->timeout, std::chrono::milliseconds(50));
}

TEST(PredictOptionsTest, NothingIsAskedForByNothing) {
  const auto options = ParsePredictQuery("", "");
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->version, "");
  EXPECT_TRUE(options->outputs.empty());
  EXPECT_EQ(options->priority, std::nullopt);
  EXPECT_EQ(options->timeout, std::nullopt);
}

TEST(PredictOptionsTest, RefusesWhatIsUnknown) {
  EXPECT_THAT(ErrorOf("versoin=v2"), HasSubstr("'versoin' is unknown; did you mean 'version'?"));
  EXPECT_THAT(ErrorOf("version=v1&version=v1"), HasSubstr("given twice"));
  EXPECT_THAT(ErrorOf("version=a/b"), HasSubstr("not allowed"));
  EXPECT_THAT(ErrorOf("version"), HasSubstr("not allowed"));
  EXPECT_THAT(ErrorOf("priority=medium"), HasSubstr("one of high, normal, low"));
  EXPECT_THAT(ErrorOf("outputs="), HasSubstr("empty name"));
  EXPECT_THAT(ErrorOf("outputs=a,"), HasSubstr("empty name"));
  for (const char* timeout :
       {"", "0", "-5", "1.5", "5x", "+5", "86400001", "99999999999999999999"}) {
    SCOPED_TRACE(timeout);
    EXPECT_THAT(ErrorOf(std::string("timeout_ms=") + timeout), HasSubstr("from 1 to 86400000"));
  }
}

TEST(PredictOptionsTest, TheStickyFieldIsAParameter) {
  const auto options = ParsePredictQuery("user=a%20b&version=v1", "user");
  ASSERT_TRUE(options.has_value()) << options.error().message;
  EXPECT_EQ(options->sticky_key, "a b");
  EXPECT_FALSE(ParsePredictQuery("user=a", ""));
  EXPECT_FALSE(ParsePredictQuery("user=a&user=b", "user"));
}

}  // namespace
}  // namespace plinth::api
