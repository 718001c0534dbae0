#include "base/base64.h"

#include <array>
#include <cstdint>

namespace plinth {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNone = 0xFF;

constexpr std::array<std::uint8_t, 256> MakeReverse() {
  std::array<std::uint8_t, 256> reverse{};
  reverse.fill(kNone);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    reverse[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return reverse;
}
constexpr auto kReverse = MakeReverse();

std::uint32_t SixBits(char c) { return kReverse[static_cast<unsigned char>(c)]; }

}  // namespace

void AppendBase64(std::string_view bytes, std::string& text) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]));
  };
  text.reserve(text.size() + (bytes.size() + 2) / 3 * 4);
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    text += kAlphabet[group >> 18];
    text += kAlphabet[group >> 12 & 63];
    text += kAlphabet[group >> 6 & 63];
    text += kAlphabet[group & 63];
  }
  const std::size_t left = bytes.size() - i;
  if (left == 0) return;
  const std::uint32_t group = byte(i) << 16 | (left == 2 ? byte(i + 1) << 8 : 0);
  text += kAlphabet[group >> 18];
  text += kAlphabet[group >> 12 & 63];
  text += left == 2 ? kAlphabet[group >> 6 & 63] : '=';
  text += '=';
}

std::optional<std::size_t> DecodeBase64(std::string_view text, char* out) {
  if (text.size() % 4 == 0 && text.ends_with('=')) {
    text.remove_suffix(text.ends_with("==") ? 2 : 1);
  }
  char* const begin = out;
  std::size_t i = 0;
  for (; i + 4 <= text.size(); i += 4) {
    const std::uint32_t a = SixBits(text[i]);
    const std::uint32_t b = SixBits(text[i + 1]);
    const std::uint32_t c = SixBits(text[i + 2]);
    const std::uint32_t d = SixBits(text[i + 3]);
    if (((a | b | c | d) & 0xC0) != 0) return std::nullopt;
    const std::uint32_t group = a << 18 | b << 12 | c << 6 | d;
    *out++ = static_cast<char>(group >> 16);
    *out++ = static_cast<char>(group >> 8);
    *out++ = static_cast<char>(group);
  }
  const std::size_t left = text.size() - i;
  if (left == 0) return static_cast<std::size_t>(out - begin);
  if (left == 1) return std::nullopt;
  const std::uint32_t a = SixBits(text[i]);
  const std::uint32_t b = SixBits(text[i + 1]);
  const std::uint32_t c = left == 3 ? SixBits(text[i + 2]) : 0;
  if (((a | b | c) & 0xC0) != 0) return std::nullopt;
  const std::uint32_t group = a << 18 | b << 12 | c << 6;
  // Bits that fall off the end must be zero, so that every byte string has one encoding.
  if ((group & (left == 3 ? 0xFFU : 0xFFFFU)) != 0) return std::nullopt;
  *out++ = static_cast<char>(group >> 16);
  if (left == 3) *out++ = static_cast<char>(group >> 8);
  return static_cast<std::size_t>(out - begin);
}

}  // namespace plinth
