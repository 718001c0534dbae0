#include "repository/foreign/text_lexer.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

#include <fmt/format.h>

namespace plinth::text_proto {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsOctal(char c) { return c >= '0' && c <= '7'; }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

int HexValue(char c) { return IsDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10; }

std::unexpected<Error> Refuse(Position at, std::string_view message) {
  return Fail(Code::kInvalidArgument, At(at, message));
}

// 12, 017, 0x1F, 1.5, .5e-3, 2f
bool IsNumber(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X"))
    return text.size() > 2 && std::ranges::all_of(text.substr(2), IsHex);
  if (text.size() > 1 && text.front() == '0' && std::ranges::all_of(text, IsDigit))
    return std::ranges::all_of(text, IsOctal);
  if (text.ends_with('f') || text.ends_with('F')) text.remove_suffix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // A number that is too large or too small is one all the same.
  return error != std::errc::invalid_argument && end == text.data() + text.size();
}

void AppendUtf8(std::uint32_t point, std::string& bytes) {
  const auto tail = [&](int shift) {
    bytes += static_cast<char>(0x80 | ((point >> shift) & 0x3F));
  };
  if (point < 0x80) {
    bytes += static_cast<char>(point);
  } else if (point < 0x800) {
    bytes += static_cast<char>(0xC0 | (point >> 6));
    tail(0);
  } else if (point < 0x10000) {
    bytes += static_cast<char>(0xE0 | (point >> 12));
    tail(6);
    tail(0);
  } else {
    bytes += static_cast<char>(0xF0 | (point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace

char Lexer::Take() {
  const char c = text_[next_++];
  if (c == '\n') {
    ++at_.line;
    at_.column = 1;
  } else {
    ++at_.column;
  }
  return c;
}

void Lexer::SkipSpace() {
  while (!AtEnd()) {
    if (Peek() == '#') {
      while (!AtEnd() && Peek() != '\n') Take();
    } else if (IsSpace(Peek())) {
      Take();
    } else {
      return;
    }
  }
}

Result<Token> Lexer::Next() {
  SkipSpace();
  Token token{Token::Kind::kEnd, at_, {}};
  if (AtEnd()) return token;
  const char c = Peek();
  if (IsLetter(c)) {
    token.kind = Token::Kind::kWord;
    while (IsLetter(Peek()) || IsDigit(Peek())) token.text += Take();
    return token;
  }
  if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return Number(std::move(token));
  if (c == '"' || c == '\'') return String(std::move(token));
  constexpr std::string_view kSymbols = "{}[]<>:,;-/.";
  if (kSymbols.find(c) == std::string_view::npos) {
    const bool shown = c > ' ' && c < '\x7f';
    return Refuse(at_, shown ? fmt::format("the character '{}' has no meaning here", c)
                             : "a byte that has no meaning outside of strings and comments");
  }
  token.kind = Token::Kind::kSymbol;
  token.text = Take();
  return token;
}

// All that could belong to it is taken, so that 12ab is no number followed by a word.
Result<Token> Lexer::Number(Token token) {
  token.kind = Token::Kind::kNumber;
  const bool hex = Peek() == '0' && (Peek(1) | 0x20) == 'x';
  while (IsDigit(Peek()) || IsLetter(Peek()) || Peek() == '.') {
    const bool exponent = !hex && (Peek() | 0x20) == 'e';
    token.text += Take();
    if (exponent && Peek() == '-') token.text += Take();
    if (exponent && token.text.back() != '-' && Peek() == '+') Take();  // from_chars() knows no '+'
  }
  if (!IsNumber(token.text)) return Refuse(token.at, fmt::format("'{}' is no number", token.text));
  return token;
}

Result<Token> Lexer::String(Token token) {
  token.kind = Token::Kind::kString;
  const char quote = Take();
  while (true) {
    if (AtEnd() || Peek() == '\n') return Refuse(token.at, "the string has no end on its line");
    const Position at = at_;
    const char c = Take();
    if (c == quote) return token;
    if (c != '\\') {
      token.text += c;
    } else if (auto read = Escape(at, token.text); !read) {
      return Fail(std::move(read.error()));
    }
  }
}

Status Lexer::Escape(Position at, std::string& bytes) {
  constexpr std::string_view kNames = "abfnrtv\\?'\"";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\?'\"";
  const char c = Peek();
  if (const auto known = kNames.find(c); !AtEnd() && known != std::string_view::npos) {
    Take();
    bytes += kMeanings[known];
    return {};
  }
  int value = 0;
  if (IsOctal(c)) {
    for (int i = 0; i < 3 && IsOctal(Peek()); ++i) value = value * 8 + (Take() - '0');
    if (value > 255) return Refuse(at, "an octal escape is at most \\377");
    bytes += static_cast<char>(value);
    return {};
  }
  if ((c == 'x' || c == 'X') && IsHex(Peek(1))) {
    Take();
    for (int i = 0; i < 2 && IsHex(Peek()); ++i) value = value * 16 + HexValue(Take());
    bytes += static_cast<char>(value);
    return {};
  }
  if (c == 'u' || c == 'U') return CodePoint(at, c == 'u' ? 4 : 8, bytes);
  return Refuse(at, "a backslash that begins no escape; write \\\\ for a backslash");
}

Status Lexer::CodePoint(Position at, int digits, std::string& bytes) {
  Take();
  std::uint32_t point = 0;
  for (int i = 0; i < digits; ++i) {
    if (!IsHex(Peek()))
      return Refuse(at, "expected " + std::to_string(digits) + " hexadecimal digits");
    point = point * 16 + static_cast<std::uint32_t>(HexValue(Take()));
  }
  if (point > 0x10FFFF || (point >= 0xD800 && point < 0xE000))
    return Refuse(at, "the escape is no character of Unicode");
  AppendUtf8(point, bytes);
  return {};
}

}  // namespace plinth::text_proto
