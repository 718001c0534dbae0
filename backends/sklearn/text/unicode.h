// What Python's str knows of characters: which are letters, what is their lower case, how they
// decompose. All texts here are well-formed UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace plinth::sklearn {

// The character at `at`, which is moved behind it. Requires at < text.size().
inline char32_t NextCharacter(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const char32_t lead = byte(at);
  if (lead < 0x80) {
    ++at;
    return lead;
  }
  const int more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
  char32_t character = lead & (0x3fu >> more);
  for (int i = 0; i < more; ++i) character = character << 6 | (byte(++at) & 0x3f);
  ++at;
  return character;
}

// How many bytes of `text` at its front are ASCII.
std::size_t AsciiPrefix(std::string_view text);

bool IsWordCharacter(char32_t c);  // \w: str.isalnum(), or an underscore
bool IsSpace(char32_t c);          // \s: str.isspace()
bool IsDecimalDigit(char32_t c);   // \d: str.isdecimal()

// str.lower(): appends the text in lower case.
void AppendLower(std::string_view text, std::string& out);

// scikit-learn's strip_accents_unicode: appends the text decomposed (NFKD), without combining
// characters; and strip_accents_ascii: decomposed, without all that is not ASCII.
enum class Accents : std::uint8_t { kKeep, kStripToUnicode, kStripToAscii };
void AppendWithoutAccents(std::string_view text, Accents accents, std::string& out);

}  // namespace plinth::sklearn
