#include "base/json_writer.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace plinth {
namespace {

template <typename T>
std::string Written(T value) {
  JsonWriter json;
  json.Value(value);
  return json.text();
}

TEST(JsonWriterTest, PutsCommasBetweenMembersAndElements) {
  JsonWriter json;
  json.BeginObject();
  json.Key("a").Value(1);
  json.Key("b").BeginArray();
  json.Value("x");
  json.Value(true);
  json.Null();
  json.BeginArray();
  json.EndArray();
  json.BeginObject();
  json.EndObject();
  json.EndArray();
  json.Key("c").Raw("{\"d\":2}");
  json.EndObject();
  EXPECT_EQ(json.text(), R"({"a":1,"b":["x",true,null,[],{}],"c":{"d":2}})");
}

TEST(JsonWriterTest, EscapesWhatJsonForbids) {
  EXPECT_EQ(Written("say \"hi\"\\\n\r\t"), R"("say \"hi\"\\\n\r\t")");
  EXPECT_EQ(Written(std::string_view("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\x7f\"");
}

TEST(JsonWriterTest, KeepsUtf8AndReplacesWhatIsNot) {
  EXPECT_EQ(Written("gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80"),
            "\"gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80\"");
  EXPECT_EQ(Written("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
  EXPECT_EQ(Written("\xC3"), "\"\xEF\xBF\xBD\"");
  EXPECT_EQ(Written("\xC3\"x"), "\"\xEF\xBF\xBD\\\"x\"");
}

TEST(JsonWriterTest, WritesTheShortestFloat) {
  EXPECT_EQ(Written(0.1F), "0.1");
  EXPECT_EQ(Written(0.1), "0.1");
  EXPECT_EQ(Written(static_cast<double>(0.1F)), "0.10000000149011612");
  EXPECT_EQ(Written(3.0F), "3");
  EXPECT_EQ(Written(-7.0), "-7");
  EXPECT_EQ(Written(0.0), "0");
  EXPECT_EQ(Written(-0.0F), "-0.0");
  EXPECT_EQ(Written(1e22), "1e+22");
}

TEST(JsonWriterTest, WritesNullForWhatJsonCannotSay) {
  EXPECT_EQ(Written(std::numeric_limits<float>::quiet_NaN()), "null");
  EXPECT_EQ(Written(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(Written(-std::numeric_limits<double>::infinity()), "null");
}

template <typename Float, typename Bits>
void ExpectRoundTrips(Bits seed) {
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const auto bits = static_cast<Bits>(random());
    Float value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    const std::string text = Written(value);
    Float back = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), back);
    ASSERT_EQ(end.ptr, text.data() + text.size()) << text;
    ASSERT_EQ(std::memcmp(&back, &value, sizeof value), 0) << text;
  }
}

TEST(JsonWriterTest, EveryFloatReadsBack) {
  ExpectRoundTrips<float, std::uint32_t>(1);
  ExpectRoundTrips<double, std::uint64_t>(2);
}

TEST(JsonWriterTest, WritesTheLimitsOfIntegers) {
  EXPECT_EQ(Written(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(Written(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(Written(std::int8_t{-128}), "-128");
}

TEST(JsonWriterTest, ElementsEqualSingleValues) {
  std::vector<double> values;
  for (int i = 0; i < 1'000; ++i) values.push_back(std::exp(i * 0.7 - 350) * (i % 2 == 0 ? 1 : -1));
  JsonWriter whole;
  whole.BeginArray();
  whole.Elements(std::span<const double>(values));
  whole.EndArray();
  JsonWriter single;
  single.BeginArray();
  for (const double value : values) single.Value(value);
  single.EndArray();
  EXPECT_EQ(whole.text(), single.text());
}

TEST(JsonWriterTest, NoElementsLeaveNoComma) {
  JsonWriter json;
  json.BeginArray();
  json.Elements(std::span<const float>());
  json.Value(1);
  json.EndArray();
  EXPECT_EQ(json.text(), "[1]");
}

TEST(JsonWriterTest, MarkedFloatsAreNoIntegers) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  JsonWriter json(0, FloatStyle::kMarked);
  json.BeginArray();
  const std::vector<float> values = {3.0F,          -0.0F,         0.5F,      1e20F,
                                     16'777'216.0F, std::nanf(""), kInfinity, -kInfinity};
  json.Elements(std::span<const float>(values));
  json.Value(1e15);
  json.Value(7);
  json.EndArray();
  EXPECT_EQ(json.text(), "[3.0,-0.0,0.5,1e+20,16777216.0,NaN,Infinity,-Infinity,1e+15,7]");
}

TEST(JsonWriterTest, FixedHasNoExponent) {
  JsonWriter json;
  json.Fixed(1234.5678, 3);
  json.Fixed(std::numeric_limits<double>::max(), 0);
  EXPECT_EQ(json.text().substr(0, 9), "1234.568,");
  EXPECT_EQ(json.text().find('e'), std::string::npos);
}

}  // namespace
}  // namespace plinth
