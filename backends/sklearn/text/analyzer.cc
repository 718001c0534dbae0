#include "text/analyzer.h"

#include <array>

namespace plinth::sklearn {
namespace {

// ASCII's word characters.
constexpr std::array<bool, 128> kAsciiWord = [] {
  std::array<bool, 128> table = {};
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (char c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  table['_'] = true;
  return table;
}();

// Whether the character at `at` is of a word; `at` is moved behind it.
bool TakeWordCharacter(std::string_view text, std::size_t& at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < kAsciiWord.size()) {
    ++at;
    return kAsciiWord[byte];
  }
  return IsWordCharacter(NextCharacter(text, at));
}

// The next run of characters that are no spaces, from `at` on. Empty if there is none.
std::string_view NextUnspaced(std::string_view text, std::size_t& at) {
  std::size_t begin = at;
  while (at < text.size() && IsSpace(NextCharacter(text, at))) begin = at;
  std::size_t end = begin;
  for (at = begin; at < text.size();) {
    if (IsSpace(NextCharacter(text, at))) break;
    end = at;
  }
  return text.substr(begin, end - begin);
}

}  // namespace

std::string_view NextWord(std::string_view text, std::size_t shortest, std::size_t& at) {
  while (at < text.size()) {
    const std::size_t begin = at;
    std::size_t end = at;
    std::size_t length = 0;
    while (at < text.size() && TakeWordCharacter(text, at)) {
      ++length;
      end = at;
    }
    if (length > 0 && length >= shortest) return text.substr(begin, end - begin);
  }
  return {};
}

std::string_view Analyzer::Preprocess(std::string_view document, Buffers& buffers) const {
  std::string_view text = document;
  if (settings_.lowercase) {
    buffers.lowered.clear();
    AppendLower(text, buffers.lowered);
    text = buffers.lowered;
  }
  if (settings_.accents != Accents::kKeep && AsciiPrefix(text) < text.size()) {
    buffers.stripped.clear();
    AppendWithoutAccents(text, settings_.accents, buffers.stripped);
    text = buffers.stripped;
  }
  return text;
}

void Analyzer::JoinTokens(std::string_view text, Buffers& buffers) const {
  buffers.spaced.clear();
  buffers.begins.clear();
  buffers.ends.clear();
  FindTokens(text, buffers, [&](std::string_view token) {
    buffers.begins.push_back(buffers.spaced.size());
    buffers.spaced.append(token);
    buffers.ends.push_back(buffers.spaced.size());
    buffers.spaced += ' ';
  });
}

// Two or more spaces of any kind become one ' '; a single one stays as it is.
void Analyzer::CollapseSpaces(std::string_view text, Buffers& buffers) {
  buffers.spaced.clear();
  buffers.begins.clear();
  buffers.ends.clear();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    std::size_t end = at;
    std::size_t spaces = 0;
    while (at < text.size() && IsSpace(NextCharacter(text, at))) {
      ++spaces;
      end = at;
    }
    at = spaces > 0 ? end : at;
    buffers.begins.push_back(buffers.spaced.size());
    buffers.spaced.append(spaces > 1 ? std::string_view(" ") : text.substr(begin, at - begin));
    buffers.ends.push_back(buffers.spaced.size());
  }
}

// Each word with a space before and behind it, which neighbours share.
void Analyzer::PadWords(std::string_view text, Buffers& buffers) {
  buffers.spaced.assign(1, ' ');
  std::size_t at = 0;
  for (;;) {
    const std::string_view word = NextUnspaced(text, at);
    if (word.empty()) break;
    buffers.spaced.append(word);
    buffers.spaced += ' ';
  }
  buffers.begins.clear();
  buffers.ends.clear();
  for (std::size_t i = 0; i < buffers.spaced.size();) {
    buffers.begins.push_back(i);
    NextCharacter(buffers.spaced, i);
    buffers.ends.push_back(i);
  }
}

}  // namespace plinth::sklearn
