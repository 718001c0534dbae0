// MurmurHash3 for 32 bits, by which scikit-learn hashes features.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace plinth::sklearn {

// The hash of the bytes, as a signed number.
inline std::int32_t MurmurHash3(std::string_view bytes, std::uint32_t seed) {
  constexpr std::uint32_t kFirst = 0xcc9e2d51;
  constexpr std::uint32_t kSecond = 0x1b873593;
  const auto mix = [](std::uint32_t block) { return std::rotl(block * kFirst, 15) * kSecond; };
  std::uint32_t hash = seed;
  std::size_t at = 0;
  for (; at + 4 <= bytes.size(); at += 4) {
    std::uint32_t block;
    std::memcpy(&block, bytes.data() + at, sizeof(block));
    hash = std::rotl(hash ^ mix(block), 13) * 5 + 0xe6546b64;
  }
  std::uint32_t tail = 0;
  for (std::size_t i = bytes.size(); i > at; --i) {
    tail = tail << 8 | static_cast<unsigned char>(bytes[i - 1]);
  }
  if (at < bytes.size()) hash ^= mix(tail);
  hash ^= static_cast<std::uint32_t>(bytes.size());
  hash = (hash ^ hash >> 16) * 0x85ebca6b;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35;
  return static_cast<std::int32_t>(hash ^ hash >> 16);
}

}  // namespace plinth::sklearn
