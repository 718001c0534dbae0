// 128-bit hashes that are the same in every process on every machine, for names and checksums of
// what is kept on disk.
//
// They find what broke by accident and tell contents apart; they prove nothing to someone who can
// choose the contents. Keys that a client could attack are hash128.h's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace plinth {

class StableHasher {
 public:
  StableHasher();
  ~StableHasher();
  StableHasher(const StableHasher& other);
  StableHasher& operator=(const StableHasher&) = delete;

  void Number(std::uint64_t number);
  // The length and the bytes, so that two texts never read as one.
  void Text(std::string_view text);
  // The bytes alone: several calls are the same as one with all of them.
  void Bytes(std::span<const std::byte> bytes);

  // The hash of everything so far as 32 hexadecimal digits.
  std::string Hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The hash of these bytes alone, as 32 hexadecimal digits.
std::string StableHex(std::span<const std::byte> bytes);

}  // namespace plinth
