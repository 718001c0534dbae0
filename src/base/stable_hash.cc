#include "base/stable_hash.h"

#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace plinth {
namespace {

std::string HexOf(XXH128_hash_t hash) {
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace

struct StableHasher::State {
  XXH3_state_t xxh3;
};

StableHasher::StableHasher() : state_(std::make_unique_for_overwrite<State>()) {
  XXH3_128bits_reset(&state_->xxh3);
}
StableHasher::~StableHasher() = default;

StableHasher::StableHasher(const StableHasher& other) : StableHasher() {
  XXH3_copyState(&state_->xxh3, &other.state_->xxh3);
}

void StableHasher::Number(std::uint64_t number) {
  XXH3_128bits_update(&state_->xxh3, &number, sizeof number);
}

void StableHasher::Text(std::string_view text) {
  Number(text.size());
  XXH3_128bits_update(&state_->xxh3, text.data(), text.size());
}

void StableHasher::Bytes(std::span<const std::byte> bytes) {
  XXH3_128bits_update(&state_->xxh3, bytes.data(), bytes.size());
}

std::string StableHasher::Hex() const { return HexOf(XXH3_128bits_digest(&state_->xxh3)); }

std::string StableHex(std::span<const std::byte> bytes) {
  return HexOf(XXH3_128bits(bytes.data(), bytes.size()));
}

}  // namespace plinth
