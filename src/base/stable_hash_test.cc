#include "base/stable_hash.h"

#include <gtest/gtest.h>

#include <vector>

namespace plinth {
namespace {

std::span<const std::byte> BytesOf(std::string_view text) { return std::as_bytes(std::span(text)); }

// Written down: what is on disk must be found again by the next version of the program.
TEST(StableHash, IsTheSameInEveryProcess) {
  EXPECT_EQ(StableHex(BytesOf("")), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(StableHex(BytesOf("plinth")), StableHex(BytesOf("plinth")));
  EXPECT_NE(StableHex(BytesOf("plinth")), StableHex(BytesOf("plinti")));
}

TEST(StableHash, BytesInPiecesAreTheSameAsAtOnce) {
  const std::string text(100'000, 'x');
  StableHasher pieces;
  for (std::size_t at = 0; at < text.size(); at += 999) {
    pieces.Bytes(BytesOf(std::string_view(text).substr(at, 999)));
  }
  EXPECT_EQ(pieces.Hex(), StableHex(BytesOf(text)));
}

TEST(StableHash, TellsTextsApartByWhereTheyEnd) {
  StableHasher one;
  one.Text("ab");
  one.Text("c");
  StableHasher two;
  two.Text("a");
  two.Text("bc");
  EXPECT_NE(one.Hex(), two.Hex());
}

TEST(StableHash, CopyGoesOnByItself) {
  StableHasher first;
  first.Text("common");
  StableHasher second(first);
  EXPECT_EQ(first.Hex(), second.Hex());
  second.Number(1);
  EXPECT_NE(first.Hex(), second.Hex());
}

}  // namespace
}  // namespace plinth
