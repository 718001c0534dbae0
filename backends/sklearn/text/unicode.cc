#include "text/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <iterator>

#include "pickle/text.h"

namespace plinth::sklearn {
namespace {

constexpr char32_t kCapitalSigma = 0x3a3;
constexpr char32_t kSmallSigma = 0x3c3;
constexpr char32_t kFinalSigma = 0x3c2;
constexpr char32_t kCapitalIWithDot = 0x130;

struct Range {
  char32_t first;
  char32_t last;
};

template <std::size_t n>
bool IsIn(const Range (&ranges)[n], char32_t c) {
  const Range* range = std::ranges::lower_bound(ranges, c, {}, &Range::last);
  return range != std::end(ranges) && range->first <= c;
}

utf8proc_category_t CategoryOf(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

// Unicode's property Cased: the categories, and what else has it (Other_Lowercase,
// Other_Uppercase) unless it is Case_Ignorable too.
bool IsCased(char32_t c) {
  static constexpr Range kOthers[] = {{0xaa, 0xaa},      {0xba, 0xba},       {0x2160, 0x217f},
                                      {0x24b6, 0x24e9},  {0x1f130, 0x1f149}, {0x1f150, 0x1f169},
                                      {0x1f170, 0x1f189}};
  const utf8proc_category_t category = CategoryOf(c);
  return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LL ||
         category == UTF8PROC_CATEGORY_LT || IsIn(kOthers, c);
}

// Unicode's property Case_Ignorable: the categories, and punctuation within words.
bool IsCaseIgnorable(char32_t c) {
  static constexpr Range kOthers[] = {
      {0x27, 0x27},     {0x2e, 0x2e},     {0x3a, 0x3a},     {0xb7, 0xb7},
      {0x387, 0x387},   {0x55f, 0x55f},   {0x5f4, 0x5f4},   {0x2018, 0x2019},
      {0x2024, 0x2024}, {0x2027, 0x2027}, {0xfe13, 0xfe13}, {0xfe52, 0xfe52},
      {0xfe55, 0xfe55}, {0xff07, 0xff07}, {0xff0e, 0xff0e}, {0xff1a, 0xff1a}};
  switch (CategoryOf(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      return IsIn(kOthers, c);
  }
}

// Moves `at` back to the start of the character before it.
void StepBack(std::string_view text, std::size_t& at) {
  do --at;
  while ((static_cast<unsigned char>(text[at]) & 0xc0) == 0x80);
}

// A sigma is final where a cased letter stands before it and none behind it, case-ignorable
// characters in between passed over. `at` is where the sigma begins, `behind` where it ends.
char32_t LowerSigma(std::string_view text, std::size_t at, std::size_t behind) {
  bool cased_before = false;
  while (at > 0) {
    StepBack(text, at);
    std::size_t next = at;
    const char32_t c = NextCharacter(text, next);
    if (IsCaseIgnorable(c)) continue;
    cased_before = IsCased(c);
    break;
  }
  if (!cased_before) return kSmallSigma;
  while (behind < text.size()) {
    const char32_t c = NextCharacter(text, behind);
    if (!IsCaseIgnorable(c)) return IsCased(c) ? kSmallSigma : kFinalSigma;
  }
  return kFinalSigma;
}

void AppendAsciiLower(std::string_view ascii, std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + ascii.size());
  char* to = out.data() + before;
  for (std::size_t i = 0; i < ascii.size(); ++i) {
    const auto c = static_cast<unsigned char>(ascii[i]);
    to[i] = static_cast<char>(c + (static_cast<unsigned char>(c - 'A') < 26 ? 32 : 0));
  }
}

}  // namespace

std::size_t AsciiPrefix(std::string_view text) {
  constexpr std::size_t kBlock = 32;
  std::size_t at = 0;
  for (; at + kBlock <= text.size(); at += kBlock) {
    unsigned char all = 0;
    for (std::size_t i = 0; i < kBlock; ++i) all |= static_cast<unsigned char>(text[at + i]);
    if (all & 0x80) break;
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

bool IsWordCharacter(char32_t c) {
  if (c < 0x80) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }
  const utf8proc_category_t category = CategoryOf(c);
  return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
         (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO);
}

bool IsSpace(char32_t c) {
  static constexpr Range kSpaces[] = {
      {0x9, 0xd},       {0x1c, 0x20},     {0x85, 0x85},     {0xa0, 0xa0},     {0x1680, 0x1680},
      {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}};
  return IsIn(kSpaces, c);
}

bool IsDecimalDigit(char32_t c) {
  return c < 0x80 ? c >= '0' && c <= '9' : CategoryOf(c) == UTF8PROC_CATEGORY_ND;
}

void AppendLower(std::string_view text, std::string& out) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t ascii = AsciiPrefix(text.substr(at));
    AppendAsciiLower(text.substr(at, ascii), out);
    at += ascii;
    while (at < text.size() && static_cast<unsigned char>(text[at]) >= 0x80) {
      const std::size_t begin = at;
      const char32_t c = NextCharacter(text, at);
      if (c == kCapitalSigma) {
        AppendUtf8(LowerSigma(text, begin, at), out);
      } else if (c == kCapitalIWithDot) {
        out += "i\u0307";
      } else {
        AppendUtf8(static_cast<std::uint32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))),
                   out);
      }
    }
  }
}

void AppendWithoutAccents(std::string_view text, Accents accents, std::string& out) {
  constexpr int kLongest = 32;  // no character decomposes into more than 18
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t ascii = AsciiPrefix(text.substr(at));
    out.append(text, at, ascii);
    at += ascii;
    if (at == text.size()) return;
    // Decomposed one by one: to order what is combining, as NFKD does, is of no use where it goes.
    utf8proc_int32_t parts[kLongest];
    int boundary = 0;
    const auto c = static_cast<utf8proc_int32_t>(NextCharacter(text, at));
    const auto count = utf8proc_decompose_char(
        c, parts, kLongest, static_cast<utf8proc_option_t>(UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE),
        &boundary);
    for (utf8proc_ssize_t i = 0; i < std::min<utf8proc_ssize_t>(count, kLongest); ++i) {
      const bool keeps = accents == Accents::kStripToAscii
                             ? parts[i] < 0x80
                             : utf8proc_get_property(parts[i])->combining_class == 0;
      if (keeps) AppendUtf8(static_cast<std::uint32_t>(parts[i]), out);
    }
  }
}

}  // namespace plinth::sklearn
