// A set of characters, as a class of a pattern describes it.
#pragma once

#include <bitset>
#include <cstdint>
#include <vector>

#include "text/unicode.h"

namespace plinth::sklearn {

class CharacterSet {
 public:
  // Characters that Python's \w, \d and \s stand for; the others are their complements.
  enum class Kind : std::uint8_t { kWord, kNotWord, kDigit, kNotDigit, kSpace, kNotSpace };

  // With `ascii`, \w, \d and \s stand for ASCII characters only.
  void Add(char32_t first, char32_t last);
  void Add(Kind kind, bool ascii);
  // From now on all characters that are not in the set.
  void Negate();

  bool Has(char32_t c) const {
    if (c < kAscii) return ascii_[c];
    return HasBeyondAscii(c) != negated_;
  }

 private:
  static constexpr char32_t kAscii = 0x80;
  struct Range {
    char32_t first;
    char32_t last;
  };

  bool HasBeyondAscii(char32_t c) const;

  std::bitset<kAscii> ascii_;  // whether each is in the set, negation included
  std::vector<Range> ranges_;  // beyond ASCII
  std::vector<Kind> kinds_;    // beyond ASCII
  bool negated_ = false;       // beyond ASCII
};

}  // namespace plinth::sklearn
