#include "pickle/text.h"

#include <cstddef>

namespace plinth::sklearn {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Reads exactly `digits` hexadecimal digits at `at`.
std::optional<std::uint32_t> ReadHex(std::string_view text, std::size_t at, std::size_t digits) {
  if (at > text.size() || text.size() - at < digits) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const int digit = HexDigit(text[at + i]);
    if (digit < 0) return std::nullopt;
    value = value * 16 + static_cast<std::uint32_t>(digit);
  }
  return value;
}

// The one-letter escapes of a Python literal; 0 if the letter is none of them.
char SimpleEscape(char letter) {
  switch (letter) {
    case '\\':
    case '\'':
    case '"':
      return letter;
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    default:
      return 0;
  }
}

}  // namespace

void AppendUtf8(std::uint32_t code_point, std::string& out) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  const auto tail = [&](int shift) { put(0x80 | ((code_point >> shift) & 63)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xc0 | (code_point >> 6));
    tail(0);
  } else if (code_point < 0x10000) {
    put(0xe0 | (code_point >> 12));
    tail(6);
    tail(0);
  } else if (code_point < 0x110000) {
    put(0xf0 | (code_point >> 18));
    tail(12);
    tail(6);
    tail(0);
  } else {
    AppendUtf8(0xfffd, out);
  }
}

std::optional<std::string> DecodeStringLiteral(std::string_view quoted) {
  if (quoted.size() < 2 || quoted.front() != quoted.back()) return std::nullopt;
  if (quoted.front() != '\'' && quoted.front() != '"') return std::nullopt;
  const std::string_view text = quoted.substr(1, quoted.size() - 2);
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    if (const char simple = SimpleEscape(text[i])) {
      out += simple;
    } else if (text[i] == 'x') {
      const auto byte = ReadHex(text, i + 1, 2);
      if (!byte) return std::nullopt;
      out += static_cast<char>(*byte);
      i += 2;
    } else if (text[i] >= '0' && text[i] <= '7') {
      unsigned byte = 0;
      std::size_t end = i;
      while (end < text.size() && end < i + 3 && text[end] >= '0' && text[end] <= '7') {
        byte = byte * 8 + static_cast<unsigned>(text[end++] - '0');
      }
      out += static_cast<char>(byte);
      i = end - 1;
    } else {
      out += '\\';
      out += text[i];
    }
  }
  return out;
}

std::optional<std::string> DecodeRawUnicodeEscape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 'u' || text[i + 1] == 'U');
    if (!escape) {
      AppendUtf8(static_cast<unsigned char>(text[i]), out);
      continue;
    }
    const std::size_t digits = text[i + 1] == 'u' ? 4 : 8;
    const auto code_point = ReadHex(text, i + 2, digits);
    if (!code_point) return std::nullopt;
    AppendUtf8(*code_point, out);
    i += 1 + digits;
  }
  return out;
}

std::optional<std::string> Utf8ToLatin1(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    if (lead < 0x80) {
      out += utf8[i];
      continue;
    }
    if ((lead != 0xc2 && lead != 0xc3) || i + 1 == utf8.size()) return std::nullopt;
    const auto tail = static_cast<unsigned char>(utf8[++i]);
    if ((tail & 0xc0) != 0x80) return std::nullopt;
    out += static_cast<char>(((lead & 3) << 6) | (tail & 63));
  }
  return out;
}

}  // namespace plinth::sklearn
