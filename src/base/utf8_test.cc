#include "base/utf8.h"

#include <string>

#include <gtest/gtest.h>

namespace plinth {
namespace {

TEST(Utf8Test, AcceptsEverySizeOfSequence) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("plain ASCII that is longer than one word"));
  EXPECT_TRUE(
      IsUtf8("\xC2\x80 \xDF\xBF \xE0\xA0\x80 \xED\x9F\xBF \xEE\x80\x80 \xF0\x90\x80\x80 "
             "\xF4\x8F\xBF\xBF"));
}

TEST(Utf8Test, RefusesWhatIsNotWellFormed) {
  EXPECT_FALSE(IsUtf8("\x80"));              // stray continuation
  EXPECT_FALSE(IsUtf8("\xC1\xBF"));          // overlong
  EXPECT_FALSE(IsUtf8("\xE0\x9F\xBF"));      // overlong
  EXPECT_FALSE(IsUtf8("\xF0\x8F\xBF\xBF"));  // overlong
  EXPECT_FALSE(IsUtf8("\xED\xA0\x80"));      // surrogate
  EXPECT_FALSE(IsUtf8("\xF4\x90\x80\x80"));  // beyond U+10FFFF
  EXPECT_FALSE(IsUtf8("\xF5\x80\x80\x80"));
  EXPECT_FALSE(IsUtf8("abc\xE2\x82"));  // truncated
  EXPECT_FALSE(IsUtf8("12345678\xFF"));
  EXPECT_FALSE(IsUtf8("\xC3(aaaaaaa"));
}

TEST(Utf8Test, SaysHowLongASequenceIs) {
  const std::string text = "a\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80\xFF";
  EXPECT_EQ(Utf8SequenceSize(text, 0), 1U);
  EXPECT_EQ(Utf8SequenceSize(text, 1), 2U);
  EXPECT_EQ(Utf8SequenceSize(text, 3), 3U);
  EXPECT_EQ(Utf8SequenceSize(text, 6), 4U);
  EXPECT_EQ(Utf8SequenceSize(text, 10), 0U);
}

}  // namespace
}  // namespace plinth
