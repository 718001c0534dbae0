#include "tokenizer/words.h"

#include <utf8proc.h>

#include <cstddef>
#include <cstdint>

namespace plinth::tokenizer {
namespace {

using Character = std::int32_t;

constexpr Character kReplacement = 0xFFFD;
constexpr Character kCapitalDottedI = 0x130;
constexpr Character kDotAbove = 0x307;

bool IsAscii(Character c) { return c < 0x80; }

bool IsWhitespace(Character c) {
  return c == ' ' || (c >= 0x9 && c <= 0xD) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

// Categories C* but for what is unassigned, and for white space that one types.
bool IsControl(Character c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  if (IsAscii(c)) return c < 0x20 || c == 0x7F;
  const utf8proc_category_t category = utf8proc_category(c);
  return category >= UTF8PROC_CATEGORY_CC && category <= UTF8PROC_CATEGORY_CO;
}

// Categories P*, and all of ASCII that is no letter and no digit.
bool IsPunctuation(Character c) {
  if (IsAscii(c)) {
    return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) ||
           (c >= 123 && c <= 126);
  }
  const utf8proc_category_t category = utf8proc_category(c);
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

bool IsChinese(Character c) {
  constexpr Character kRanges[][2] = {{0x4E00, 0x9FFF},   {0x3400, 0x4DBF},   {0x20000, 0x2A6DF},
                                      {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F}, {0x2B920, 0x2CEAF},
                                      {0xF900, 0xFAFF},   {0x2F800, 0x2FA1F}};
  for (const auto& [first, last] : kRanges) {
    if (c >= first && c <= last) return true;
  }
  return false;
}

// The characters that are left of the text, as they stand.
std::vector<Character> Clean(std::string_view text) {
  std::vector<Character> characters;
  characters.reserve(text.size());
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    Character c = kReplacement;
    const utf8proc_ssize_t size = IsAscii(*at) ? (c = *at, 1) : utf8proc_iterate(at, left, &c);
    const utf8proc_ssize_t step = size > 0 ? size : 1;
    if (size <= 0) c = kReplacement;
    at += step;
    left -= step;
    if (c == 0 || c == kReplacement || IsControl(c)) continue;
    characters.push_back(c);
  }
  return characters;
}

// Canonically decomposed, without marks.
std::vector<Character> WithoutAccents(const std::vector<Character>& characters) {
  std::vector<Character> bare;
  bare.reserve(characters.size());
  constexpr auto kDecompose = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
  // One character is at most 18.
  utf8proc_int32_t parts[32];
  for (const Character c : characters) {
    if (IsAscii(c)) {
      bare.push_back(c);
      continue;
    }
    int last_boundclass = 0;
    const utf8proc_ssize_t count =
        utf8proc_decompose_char(c, parts, 32, kDecompose, &last_boundclass);
    for (utf8proc_ssize_t i = 0; i < count && i < 32; ++i) {
      if (utf8proc_category(parts[i]) != UTF8PROC_CATEGORY_MN) bare.push_back(parts[i]);
    }
  }
  return bare;
}

void Append(Character c, std::string& text) {
  utf8proc_uint8_t bytes[4];
  const utf8proc_ssize_t size = utf8proc_encode_char(c, bytes);
  text.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

void AppendLower(Character c, std::string& text) {
  if (c == kCapitalDottedI) {  // the one whose lower case is two characters
    text += 'i';
    return Append(kDotAbove, text);
  }
  Append(utf8proc_tolower(c), text);
}

}  // namespace

std::vector<std::string> WordsOf(std::string_view text, WordRules rules) {
  std::vector<Character> characters = Clean(text);
  if (rules.strip_accents) characters = WithoutAccents(characters);
  std::vector<std::string> words;
  bool in_word = false;
  for (const Character c : characters) {
    if (IsWhitespace(c)) {
      in_word = false;
      continue;
    }
    const bool alone = IsChinese(c) || IsPunctuation(c);
    if (!in_word || alone) words.emplace_back();
    in_word = !alone;
    rules.lowercase ? AppendLower(c, words.back()) : Append(c, words.back());
  }
  return words;
}

}  // namespace plinth::tokenizer
