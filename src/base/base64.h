// Base64 (RFC 4648, section 4): how bytes that are no text travel in JSON.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace plinth {

// Appends the encoding of `bytes`, with padding.
void AppendBase64(std::string_view bytes, std::string& text);

// The most bytes that decoding `text_size` characters can give.
constexpr std::size_t Base64DecodedBound(std::size_t text_size) { return text_size / 4 * 3 + 3; }

// Writes the decoded bytes to `out`, which has room for Base64DecodedBound(text.size()), and
// returns how many they are. Nothing for characters outside the alphabet, misplaced padding, a
// length that cannot be or bits that are lost. Padding may be left out.
std::optional<std::size_t> DecodeBase64(std::string_view text, char* out);

}  // namespace plinth
