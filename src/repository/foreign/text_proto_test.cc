#include "repository/foreign/text_proto.h"

#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth::text_proto {
namespace {

using testing::HasSubstr;

// The fields in one canonical form: "a=1 b=\"x\" c={d=word}".
std::string Canonical(const std::vector<Field>& fields) {
  std::string text;
  for (const Field& field : fields) {
    text += (text.empty() ? "" : " ") + field.name + "=";
    if (field.kind == Field::Kind::kMessage) {
      text += '{' + Canonical(field.fields) + '}';
    } else if (field.kind == Field::Kind::kString) {
      text += '"' + field.text + '"';
    } else {
      text += field.text;
    }
  }
  return text;
}

std::string Read(std::string_view text) {
  const auto fields = Parse(text);
  return fields ? Canonical(*fields) : "error " + fields.error().message;
}

Field Only(std::string_view text) {
  auto fields = Parse(text);
  EXPECT_TRUE(fields) << fields.error().message;
  EXPECT_EQ(fields->size(), 1U);
  return fields->front();
}

TEST(TextProtoTest, TheWholeGrammar) {
  EXPECT_EQ(Read(""), "");
  EXPECT_EQ(Read("# nothing but a comment"), "");
  EXPECT_EQ(Read("a: 1 b: -2, c: WORD; d: true"), "a=1 b=-2 c=WORD d=true");
  EXPECT_EQ(Read("a:1#x\nb:\t2"), "a=1 b=2");
  EXPECT_EQ(Read("m { a: 1 } m: { } m < a: 2; >"), "m={a=1} m={} m={a=2}");
  EXPECT_EQ(Read("m < n { a: 1 } >"), "m={n={a=1}}");
  EXPECT_EQ(Read("a: [1, 2 , -3] b: [] c: [\"x\" 'y', Z]"), "a=1 a=2 a=-3 c=\"xy\" c=Z");
  EXPECT_EQ(Read("m [ { a: 1 }, <a: 2> ] m: []"), "m={a=1} m={a=2}");
  EXPECT_EQ(Read("[a.b-c.d]: 1 [type.googleapis.com/x.Y] { a: 1 }"),
            "[a.b-c.d]=1 [type.googleapis.com/x.Y]={a=1}");
  EXPECT_EQ(Read("a: - # signs may stand apart\n 5 b: -inf"), "a=-5 b=-inf");
}

TEST(TextProtoTest, Strings) {
  EXPECT_EQ(Only(R"(a: "x'y" 'z"w' "")").text, "x'yz\"w");
  EXPECT_EQ(Only(R"(a: "\a\b\f\n\r\t\v\\\?\'\"")").text, "\a\b\f\n\r\t\v\\?'\"");
  EXPECT_EQ(Only(R"(a: "\0\18\177\377\x4\x41G")").text, std::string("\0\1"
                                                                    "8\177\377\x04"
                                                                    "AG",
                                                                    8));
  EXPECT_EQ(Only(R"(a: "\u00e9\u20ac\U0001F600")").text, "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(Only("a: \"\xff#\"").text, "\xff#");
}

TEST(TextProtoTest, Numbers) {
  const auto integer = [](std::string_view text) {
    return Only(text).Integer(-1000, 1000).value();
  };
  EXPECT_EQ(integer("a: 0"), 0);
  EXPECT_EQ(integer("a: 017"), 15);
  EXPECT_EQ(integer("a: -0x1F"), -31);
  EXPECT_EQ(Only("a: 1001").Integer(0, 1000).error().message,
            "1:1: 'a' is 1001, expected a whole number from 0 to 1000");
  EXPECT_FALSE(Only("a: 1.0").Integer(0, 9));
  EXPECT_FALSE(Only("a: 99999999999999999999").Integer(0, 9));
  EXPECT_FALSE(Only("a: \"1\"").Integer(0, 9));
  const auto number = [](std::string_view text) { return Only(text).Number().value(); };
  EXPECT_EQ(number("a: -1.5e+3"), -1500);
  EXPECT_EQ(number("a: .5F"), 0.5);
  EXPECT_EQ(number("a: 1e-999"), 0);
  EXPECT_EQ(number("a: -1e999"), -INFINITY);
  EXPECT_EQ(number("a: -Infinity"), -INFINITY);
  EXPECT_EQ(number("a: 0x10"), 16);
  EXPECT_TRUE(std::isnan(number("a: nan")));
  EXPECT_FALSE(Only("a: none").Number());
  EXPECT_TRUE(Only("a: t").Boolean().value());
  EXPECT_FALSE(Only("a: 0").Boolean().value());
  EXPECT_FALSE(Only("a: \"true\"").Boolean());
}

TEST(TextProtoTest, FaultsSayWhere) {
  const struct {
    std::string_view text;
    std::string_view message;
  } kCases[] = {
      {"a", "1:2: expected ':' or '{' behind 'a', found the end of the text"},
      {"a 1", "1:3: expected ':' or '{' behind 'a', found '1'"},
      {"a: ", "1:4: expected a value of 'a', found the end of the text"},
      {"a: {", "1:5: expected '}' at the end of 'a', found the end of the text"},
      {"a {\n  b: 1 >", "2:8: expected the name of a field, found '>'"},
      {"a: [1 2]", "1:7: expected ',' or ']', found '2'"},
      {"a: [1,]", "1:7: expected a value behind ',', found ']'"},
      {"a: 12x", "1:4: '12x' is no number"},
      {"a: 08", "1:4: '08' is no number"},
      {"a: 1.2.3", "1:4: '1.2.3' is no number"},
      {"a: 0x", "1:4: '0x' is no number"},
      {"\n a: \"x\ny\"", "2:5: the string has no end on its line"},
      {"a: \"\\q\"", "1:5: a backslash that begins no escape"},
      {"a: \"\\", "1:5: a backslash that begins no escape"},
      {"a: \"\\777\"", "1:5: an octal escape is at most"},
      {"a: \"\\ud800\"", "1:5: the escape is no character of Unicode"},
      {"a: \"\\u12\"", "1:5: expected 4 hexadecimal digits"},
      {"a: --1", "1:5: expected a value of 'a', found '-'"},
      {"a: 1 ] b: 2", "1:6: expected the name of a field, found ']'"},
      {"a: @", "1:4: the character '@' has no meaning here"},
      {"a: \x01", "1:4: a byte that has no meaning"},
      {"[a", "1:3: expected the name of an extension and ']'"},
      {";", "1:1: expected the name of a field, found ';'"},
  };
  for (const auto& c : kCases) {
    EXPECT_THAT(Read(c.text), HasSubstr("error " + std::string(c.message))) << c.text;
  }
}

TEST(TextProtoTest, Bounds) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "a{";
  EXPECT_THAT(Read(deep), HasSubstr("nested deeper than 64 levels"));
  std::string many = "a: [0";
  for (std::size_t i = 0; i < kMaxFields; ++i) many += ",1";
  EXPECT_THAT(Read(many + "]"), HasSubstr("more than 100000 values"));
  EXPECT_THAT(Read(std::string(kMaxBytes + 1, ' ')), HasSubstr("larger than 1 MiB"));
}

}  // namespace
}  // namespace plinth::text_proto
