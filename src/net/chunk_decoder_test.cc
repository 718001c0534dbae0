#include "net/chunk_decoder.h"

#include <gtest/gtest.h>

#include <string>

namespace plinth::net {
namespace {

using Step = ChunkDecoder::Step;

struct Outcome {
  Step last;
  std::string body;
  std::string behind;
};

// Decodes, with the bytes in pieces of every size, which must not matter.
Outcome Decode(const std::string& text, std::size_t body_limit = 1000,
               std::size_t overhead_limit = 1000) {
  Outcome first{};
  for (std::size_t piece = text.size(); piece > 0; --piece) {
    ChunkDecoder decoder(body_limit, overhead_limit);
    Outcome outcome{Step::kNeedMore, "", ""};
    for (std::size_t at = 0; at < text.size(); at += piece) {
      const std::string part = text.substr(at, piece);
      std::span<const char> bytes(part);
      std::span<const char> data;
      while ((outcome.last = decoder.Next(bytes, &data)) == Step::kData)
        outcome.body.append(data.begin(), data.end());
      if (outcome.last != Step::kNeedMore) {
        outcome.behind.assign(bytes.begin(), bytes.end());
        outcome.behind += text.substr(std::min(text.size(), at + piece));
        break;
      }
    }
    if (piece == text.size()) first = outcome;
    EXPECT_EQ(outcome.last, first.last) << piece;
    EXPECT_EQ(outcome.body, first.body) << piece;
    if (outcome.last == Step::kDone) {
      EXPECT_EQ(outcome.behind, first.behind) << piece;
    }
  }
  return first;
}

TEST(ChunkDecoder, PutsTheBodyTogether) {
  const Outcome outcome = Decode("3\r\nabc\r\n00b\r\n\r\n012345678\r\n0\r\n\r\nGET");
  EXPECT_EQ(outcome.last, Step::kDone);
  EXPECT_EQ(outcome.body, "abc\r\n012345678");
  EXPECT_EQ(outcome.behind, "GET");
}

TEST(ChunkDecoder, DropsExtensionsAndTrailers) {
  const Outcome outcome = Decode("1 ;a=b;c=\"d;\"\r\nx\r\n0\t;z\r\nOne: 1\r\nTwo:\r\n\r\n");
  EXPECT_EQ(outcome.last, Step::kDone);
  EXPECT_EQ(outcome.body, "x");
}

TEST(ChunkDecoder, IncompleteIsNotWrong) {
  for (const std::string text : {"1", "1;x", "1\r", "1\r\n", "1\r\nx", "1\r\nx\r", "1\r\nx\r\n",
                                 "0\r\n", "0\r\nA", "0\r\nA:b\r\n", "0\r\n\r"}) {
    EXPECT_EQ(Decode(text).last, Step::kNeedMore) << text;
  }
}

TEST(ChunkDecoder, RefusesWhatOthersMightReadDifferently) {
  for (const std::string text : {"\r\n",         "g\r\n",
                                 "-1\r\n",       "+1\r\n",
                                 "0x1\r\n",      " 1\r\n",
                                 "1 \r\n",       "1 2\r\n",
                                 "1\n",          "1\rx",
                                 "1\r\nxy",      "1\r\nx\n",
                                 "1\r\nx\rz",    "1;a\nb\r\n",
                                 "1;a\x01\r\n",  "0\r\nA b: c\r\n",
                                 "0\r\n: c\r\n", "0\r\n a: c\r\n",
                                 "0\r\nA\r\n",   "0\r\nA:b\n",
                                 "0\r\n\rx",     "00000000000000001\r\n"}) {
    EXPECT_EQ(Decode(text).last, Step::kMalformed) << text;
  }
}

TEST(ChunkDecoder, LimitsTheBody) {
  EXPECT_EQ(Decode("5\r\n12345\r\n5\r\n12345\r\n0\r\n\r\n", 10).last, Step::kDone);
  EXPECT_EQ(Decode("5\r\n12345\r\n6\r\n", 10).last, Step::kBodyTooLarge);
  EXPECT_EQ(Decode("ffffffffffffffff\r\n", 10).last, Step::kBodyTooLarge);
}

TEST(ChunkDecoder, LimitsEverythingElse) {
  EXPECT_EQ(Decode("1;" + std::string(30, 'x'), 10, 20).last, Step::kOverheadTooLarge);
  EXPECT_EQ(Decode("0\r\nA:" + std::string(30, 'x'), 10, 20).last, Step::kOverheadTooLarge);
  std::string many = "0\r\n";
  for (int i = 0; i < 30; ++i) many += "A:\r\n";
  EXPECT_EQ(Decode(many, 10, 20).last, Step::kOverheadTooLarge);
  EXPECT_EQ(Decode("1;" + std::string(10, 'x') + "\r\na\r\n1;" + std::string(10, 'x') + "\r\nb\r\n",
                   10, 20)
                .last,
            Step::kOverheadTooLarge);
}

}  // namespace
}  // namespace plinth::net
