#include "text/character_set.h"

#include <algorithm>

namespace plinth::sklearn {
namespace {

using Kind = CharacterSet::Kind;

bool IsOfKind(Kind kind, char32_t c) {
  switch (kind) {
    case Kind::kWord:
      return IsWordCharacter(c);
    case Kind::kNotWord:
      return !IsWordCharacter(c);
    case Kind::kDigit:
      return IsDecimalDigit(c);
    case Kind::kNotDigit:
      return !IsDecimalDigit(c);
    case Kind::kSpace:
      return IsSpace(c);
    case Kind::kNotSpace:
      return !IsSpace(c);
  }
  return false;
}

// In ASCII's sense, the separators 0x1c to 0x1f are no spaces.
bool IsOfAsciiKind(Kind kind, char32_t c) {
  const bool separator = c >= 0x1c && c <= 0x1f;
  if (separator && kind == Kind::kSpace) return false;
  if (separator && kind == Kind::kNotSpace) return true;
  return IsOfKind(kind, c);
}

bool IsComplement(Kind kind) {
  return kind == Kind::kNotWord || kind == Kind::kNotDigit || kind == Kind::kNotSpace;
}

}  // namespace

void CharacterSet::Add(char32_t first, char32_t last) {
  for (char32_t c = first; c <= last && c < kAscii; ++c) ascii_.set(c);
  if (last >= kAscii) ranges_.push_back({std::max(first, kAscii), last});
}

void CharacterSet::Add(Kind kind, bool ascii) {
  for (char32_t c = 0; c < kAscii; ++c) {
    if (ascii ? IsOfAsciiKind(kind, c) : IsOfKind(kind, c)) ascii_.set(c);
  }
  if (!ascii) {
    kinds_.push_back(kind);
  } else if (IsComplement(kind)) {
    ranges_.push_back({kAscii, 0x10ffff});
  }
}

void CharacterSet::Negate() {
  ascii_.flip();
  negated_ = !negated_;
}

bool CharacterSet::HasBeyondAscii(char32_t c) const {
  return std::ranges::any_of(ranges_,
                             [c](Range range) { return range.first <= c && c <= range.last; }) ||
         std::ranges::any_of(kinds_, [c](Kind kind) { return IsOfKind(kind, c); });
}

}  // namespace plinth::sklearn
