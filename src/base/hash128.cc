#include "base/hash128.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <random>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace plinth {
namespace {

using Secret = std::array<std::byte, XXH3_SECRET_DEFAULT_SIZE>;

Secret DrawSecret() {
  Secret secret;
  std::size_t filled = 0;
  while (filled < secret.size()) {
    const ssize_t got = getrandom(secret.data() + filled, secret.size() - filled, 0);
    if (got > 0) {
      filled += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      break;
    }
  }
  // A kernel without getrandom(): the library's own source.
  for (std::random_device random; filled < secret.size(); ++filled)
    secret[filled] = static_cast<std::byte>(random());
  return secret;
}

const Secret& ProcessSecret() {
  static const Secret secret = DrawSecret();
  return secret;
}

Hash128 From(XXH128_hash_t hash) { return {hash.low64, hash.high64}; }

}  // namespace

struct Hasher128::State {
  XXH3_state_t xxh3;
};

Hasher128::Hasher128() = default;
Hasher128::~Hasher128() = default;

void Hasher128::Number(std::uint64_t number) { Feed(&number, sizeof number); }

void Hasher128::Text(std::string_view text) {
  Number(text.size());
  Feed(text.data(), text.size());
}

void Hasher128::Bytes(std::span<const std::byte> bytes) {
  Number(bytes.size());
  Feed(bytes.data(), bytes.size());
}

void Hasher128::Feed(const void* data, std::size_t size) {
  if (size == 0) return;
  if (state_ == nullptr) {
    if (size <= kSmall - small_size_) {
      std::memcpy(small_ + small_size_, data, size);
      small_size_ += size;
      return;
    }
    state_ = std::make_unique_for_overwrite<State>();
    const Secret& secret = ProcessSecret();
    XXH3_128bits_reset_withSecret(&state_->xxh3, secret.data(), secret.size());
    XXH3_128bits_update(&state_->xxh3, small_, small_size_);
  }
  XXH3_128bits_update(&state_->xxh3, data, size);
}

Hash128 Hasher128::Finish() const {
  if (state_ != nullptr) return From(XXH3_128bits_digest(&state_->xxh3));
  const Secret& secret = ProcessSecret();
  return From(XXH3_128bits_withSecret(small_, small_size_, secret.data(), secret.size()));
}

}  // namespace plinth
