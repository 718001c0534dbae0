// Patterns that the comparison with scikit-learn cannot show: those that are refused, and those
// that would take a backtracking machine for ever.
#include "text/pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth::sklearn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> FindAll(std::string_view pattern, std::string_view text) {
  const auto compiled = Pattern::Compile(pattern);
  if (!compiled) return {"refused: " + compiled.error().message};
  Pattern::Machine machine;
  std::vector<std::string> found;
  compiled->FindAll(text, machine, [&](std::string_view match) { found.emplace_back(match); });
  return found;
}

std::string ErrorOf(std::string_view pattern) {
  const auto compiled = Pattern::Compile(pattern);
  return compiled ? "" : compiled.error().message;
}

TEST(PatternTest, FindsWhatPythonFinds) {
  EXPECT_THAT(FindAll("a|ab", "abab"), ElementsAre("a", "a"));
  EXPECT_THAT(FindAll("x*", "axb"), ElementsAre("", "x", "", ""));
  EXPECT_THAT(FindAll("(a)|b", "ab"), ElementsAre("a", ""));
  EXPECT_THAT(FindAll("\\d{2}(?:\\.\\d)?", "12.345 6"), ElementsAre("12.3", "45"));
  EXPECT_THAT(FindAll("a{,2}b", "aaab"), ElementsAre("aab"));
  EXPECT_THAT(FindAll("a{x}", "a{x}"), ElementsAre("a{x}"));
  EXPECT_THAT(FindAll("[]a]+", "a]b"), ElementsAre("a]"));
  EXPECT_THAT(FindAll("a?\\Bx", "a bx"), ElementsAre("x"));
}

TEST(PatternTest, WhatIsNotSupportedIsNamed) {
  EXPECT_THAT(ErrorOf("(?i)a"), HasSubstr("flag i"));
  EXPECT_THAT(ErrorOf("a(?=b)"), HasSubstr("look around"));
  EXPECT_THAT(ErrorOf("(?<!a)b"), HasSubstr("look around"));
  EXPECT_THAT(ErrorOf("(a)\\1"), HasSubstr("reference to a group"));
  EXPECT_THAT(ErrorOf("(a)(b)"), HasSubstr("more than one"));
  EXPECT_THAT(ErrorOf("a++"), HasSubstr("possessive"));
  EXPECT_THAT(ErrorOf("(?:a*|b)+"), HasSubstr("may be empty"));
  EXPECT_THAT(ErrorOf("\\N{DASH}"), HasSubstr("escape"));
}

TEST(PatternTest, BrokenPatternsAreRefused) {
  for (const char* pattern : {"(", ")", "[", "[a", "a\\", "*", "(?", "(?P<a", "(?:", "[b-a]",
                              "\\x1", "(?u", "a{3,2}", "\xff", "(?s:a)"}) {
    EXPECT_NE(ErrorOf(pattern), "") << pattern;
  }
  EXPECT_NE(ErrorOf(std::string(100, '(') + std::string(100, ')')), "");
  EXPECT_NE(ErrorOf("(?:(?:a{100}){100}){100}"), "");
  EXPECT_NE(ErrorOf("a{4294967295}"), "");
  EXPECT_NE(ErrorOf(std::string(20'000, 'a')), "");
}

TEST(PatternTest, NothingTakesForEver) {
  const std::string text(20'000, 'a');
  EXPECT_THAT(FindAll("(?:a+)+b", text), ElementsAre());
  EXPECT_THAT(FindAll("(?:a|aa)+c|a+", text), ElementsAre(text));
}

}  // namespace
}  // namespace plinth::sklearn
