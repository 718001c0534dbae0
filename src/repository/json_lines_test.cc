#include "repository/json_lines.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(JsonLinesTest, KeysByTheirWay) {
  EXPECT_THAT(KeyLines("{}"), IsEmpty());
  EXPECT_THAT(KeyLines(R"({"a": 1,
    "b": {"c": "x:y\"{",
      "d" :
        {"e": [1, {"f": 2}, "g"]}},
    "h": "\\"})"),
              ElementsAre(Pair("a", 1), Pair("b", 2), Pair("b.c", 2), Pair("b.d", 3),
                          Pair("b.d.e", 4), Pair("h", 5)));
}

TEST(JsonLinesTest, AnyTextComesToAnEnd) {
  for (const char* text : {"", "\"", "{\"a\"", "{\"a\\", "}}}", "{\"a\": [[[", "\"a\": 1"})
    KeyLines(text);
}

}  // namespace
}  // namespace plinth
