#include "api/tfserving/json_tree.h"

#include <limits>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace plinth::api::tfserving {
namespace {

std::string FaultOf(std::string_view text) {
  const auto tree = ParseJsonTree(text);
  if (tree) return "none";
  return tree.error().what + " at offset: " + std::to_string(tree.error().offset);
}

TEST(JsonTreeTest, WordsAndPlacesFaultsAsRapidJsonDoes) {
  EXPECT_EQ(FaultOf(" "), "The document is empty. at offset: 1");
  EXPECT_EQ(FaultOf("instances = [1, 2]"), "Invalid value. at offset: 0");
  EXPECT_EQ(FaultOf("{} x"),
            "The document root must not be followed by other values. at offset: 3");
  EXPECT_EQ(FaultOf("[1 2]"), "Missing a comma or ] after an array element. at offset: 3");
  EXPECT_EQ(FaultOf("[01]"), "Missing a comma or ] after an array element. at offset: 2");
  EXPECT_EQ(FaultOf("[1,]"), "Invalid value. at offset: 3");
  EXPECT_EQ(FaultOf("{a: 1}"), "Missing a name for object member. at offset: 1");
  EXPECT_EQ(FaultOf("{\"a\" 1}"), "Missing a colon after a name of object member. at offset: 5");
  EXPECT_EQ(FaultOf("{\"a\": 1 \"b\": 2}"),
            "Missing a comma or } after an object member. at offset: 8");
  EXPECT_EQ(FaultOf("[tru]"), "Invalid value. at offset: 4");
  EXPECT_EQ(FaultOf("\"ab"), "Missing a closing quotation mark in string. at offset: 3");
  EXPECT_EQ(FaultOf("\"a\\x\""), "Invalid escape character in string. at offset: 2");
  EXPECT_EQ(FaultOf("\"\\u12g4\""), "Incorrect hex digit after \\u escape in string. at offset: 1");
  EXPECT_EQ(FaultOf("\"a\nb\""), "Invalid encoding in string. at offset: 2");
  EXPECT_EQ(FaultOf("1."), "Miss fraction part in number. at offset: 2");
  EXPECT_EQ(FaultOf("1e+"), "Miss exponent in number. at offset: 3");
  EXPECT_EQ(FaultOf("\"a\\"), "Invalid escape character in string. at offset: 2");
  EXPECT_EQ(FaultOf("-"), "Invalid value. at offset: 1");
}

TEST(JsonTreeTest, TakesNumbersThatJsonHasNot) {
  EXPECT_EQ(FaultOf("[NaN, Infinity, -Infinity, -Inf]"), "none");
  EXPECT_EQ(FaultOf("[nan]"), "Invalid value. at offset: 2");
}

TEST(JsonTreeTest, NestingIsBounded) {
  EXPECT_EQ(FaultOf(std::string(100, '[') + std::string(100, ']')), "none");
  EXPECT_EQ(FaultOf(std::string(200'000, '[')), " at offset: 100");
}

TEST(JsonTreeTest, FindsMembersAndShowsValues) {
  const auto tree = ParseJsonTree(R"({"a\n": [1, "x"], "b": {}, "a\n": 2})");
  ASSERT_TRUE(tree);
  ASSERT_NE(tree->Find("a\n"), nullptr);
  EXPECT_EQ(tree->Find("a\n")->Pretty(), "[\n    1,\n    \"x\"\n]");
  EXPECT_EQ(tree->Find("b")->Pretty(), "{}");
  EXPECT_EQ(tree->Find("c"), nullptr);
  EXPECT_EQ(ParseJsonTree(R"({"a":1})")->Pretty(), "{\n    \"a\": 1\n}");
  const auto large = ParseJsonTree("[" + std::string(5'000, '1') + "]");
  EXPECT_LT(large->Pretty().size(), 1'100U);
}

TEST(JsonTreeTest, TellsWholeNumbersAndTheirRange) {
  const auto whole = [](std::string_view text) { return ParseJsonTree(text)->IsWhole(-128, 127); };
  EXPECT_TRUE(whole("-128"));
  EXPECT_TRUE(whole("127"));
  EXPECT_FALSE(whole("128"));
  EXPECT_FALSE(whole("-129"));
  EXPECT_FALSE(whole("1.0"));
  EXPECT_FALSE(whole("\"1\""));
  EXPECT_FALSE(
      ParseJsonTree("18446744073709551616")->IsWhole(0, std::numeric_limits<std::uint64_t>::max()));
}

}  // namespace
}  // namespace plinth::api::tfserving
