#include "base/hash128.h"

#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace plinth {
namespace {

template <typename... Texts>
Hash128 HashTexts(const Texts&... texts) {
  Hasher128 hasher;
  (hasher.Text(texts), ...);
  return hasher.Finish();
}

TEST(Hash128Test, EqualInputsHashEqualWhateverTheirSize) {
  for (const std::size_t size : {0u, 1u, 16u, 200u, 504u, 505u, 512u, 5'000u, 1'000'000u}) {
    const std::string text(size, 'x');
    EXPECT_EQ(HashTexts(text), HashTexts(std::string(text))) << size;
  }
}

TEST(Hash128Test, WhereOneTextEndsMatters) {
  EXPECT_NE(HashTexts("ab", "c"), HashTexts("a", "bc"));
  EXPECT_NE(HashTexts("", "a"), HashTexts("a", ""));
  EXPECT_NE(HashTexts("a"), HashTexts("a", ""));
  const std::string large(10'000, 'a');
  EXPECT_NE(HashTexts(large + "b", "c"), HashTexts(large, "bc"));
}

TEST(Hash128Test, EveryBitCounts) {
  std::mt19937_64 random(1);
  for (const std::size_t size : {9u, 100u, 300u, 700u, 3'000u}) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random());
    std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
    for (std::size_t bit = 0; bit < size * 8; ++bit) {
      std::string flipped = text;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      const Hash128 hash = HashTexts(flipped);
      seen.emplace(hash.low, hash.high);
    }
    EXPECT_EQ(seen.size(), size * 8);
  }
}

TEST(Hash128Test, FinishMayBeAskedInBetween) {
  Hasher128 hasher;
  hasher.Number(1);
  const Hash128 first = hasher.Finish();
  hasher.Text(std::string(2'000, 'x'));
  EXPECT_NE(hasher.Finish(), first);
  Hasher128 again;
  again.Number(1);
  EXPECT_EQ(again.Finish(), first);
}

}  // namespace
}  // namespace plinth
