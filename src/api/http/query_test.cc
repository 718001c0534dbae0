#include "api/http/query.h"

#include <string>

#include <gtest/gtest.h>

namespace plinth::api {
namespace {

TEST(QueryTest, DecodesEscapes) {
  EXPECT_EQ(PercentDecoded("a%20b%2Fc"), "a b/c");
  EXPECT_EQ(PercentDecoded("%"), "%");
  EXPECT_EQ(PercentDecoded("%4"), "%4");
  EXPECT_EQ(PercentDecoded("%zz%41"), "%zzA");
  EXPECT_EQ(PercentDecoded("a+b"), "a+b");
  EXPECT_EQ(DecodedValue("a+b%2B"), "a b+");
}

TEST(QueryTest, TakesParametersApart) {
  const auto parameters = ParseQuery("a=1&&b&c%3D=x=y&=z&d=%2C,");
  ASSERT_TRUE(parameters.has_value());
  std::string text;
  for (const QueryParameter& parameter : *parameters) {
    text += parameter.name + ":" + std::string(parameter.value) + ";";
  }
  EXPECT_EQ(text, "a:1;b:;c=:x=y;:z;d:%2C,;");
  EXPECT_TRUE(ParseQuery("")->empty());
}

TEST(QueryTest, ParametersAreBounded) {
  std::string query;
  for (int i = 0; i < 100; ++i) query += "a&";
  EXPECT_TRUE(ParseQuery(query).has_value());
  EXPECT_FALSE(ParseQuery(query + "a").has_value());
}

}  // namespace
}  // namespace plinth::api
