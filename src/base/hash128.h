// 128-bit hashes of structured data, for keys that must not meet by accident or by intent.
//
// Every process draws its own random secret, so that nobody outside can construct two inputs with
// the same hash. A hash therefore has no meaning outside its process: never store or send one.
//
// What is fed in is delimited by the callers through Number(), Text() and Bytes(), each of which is
// unambiguous by itself: a number has eight bytes, text and bytes have their length in front. So
// two different sequences of calls of the same shape never feed the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace plinth {

struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  friend bool operator==(const Hash128&, const Hash128&) = default;
};

class Hasher128 {
 public:
  Hasher128();
  ~Hasher128();
  Hasher128(const Hasher128&) = delete;
  Hasher128& operator=(const Hasher128&) = delete;

  void Number(std::uint64_t number);
  void Text(std::string_view text);
  void Bytes(std::span<const std::byte> bytes);

  // The hash of everything so far.
  Hash128 Finish() const;

 private:
  // Small pieces are gathered here and hashed at once, which is several times faster than feeding
  // the streaming state piece by piece.
  static constexpr std::size_t kSmall = 512;

  void Feed(const void* data, std::size_t size);

  struct State;
  std::unique_ptr<State> state_;  // only once the data has outgrown small_
  std::size_t small_size_ = 0;
  std::byte small_[kSmall];
};

}  // namespace plinth

template <>
struct std::hash<plinth::Hash128> {
  std::size_t operator()(const plinth::Hash128& key) const noexcept { return key.low; }
};
