#include "text/vocabulary.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>
#include <random>

namespace plinth::sklearn {

std::uint64_t Vocabulary::Hash(std::string_view term) {
  static const std::uint64_t secret = [] {
    std::random_device random;
    return std::uint64_t{random()} << 32 | random();
  }();
  return XXH3_64bits_withSeed(term.data(), term.size(), secret);
}

std::size_t Vocabulary::SizeOf(std::size_t terms, std::size_t bytes) {
  return std::bit_ceil(2 * terms + 1) * sizeof(Slot) + (terms + 1) * sizeof(std::size_t) + bytes;
}

Vocabulary::Vocabulary(const std::vector<std::string_view>& terms)
    : slots_(std::bit_ceil(2 * terms.size() + 1)), mask_(slots_.size() - 1) {
  starts_.reserve(terms.size() + 1);
  starts_.push_back(0);
  for (std::string_view term : terms) {
    bytes_.insert(bytes_.end(), term.begin(), term.end());
    starts_.push_back(bytes_.size());
  }
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const std::uint64_t hash = Hash(terms[i]);
    std::size_t at = hash & mask_;
    while (slots_[at].column != kNone) at = (at + 1) & mask_;
    slots_[at] = {static_cast<std::uint32_t>(hash >> 32), static_cast<std::int32_t>(i)};
  }
}

}  // namespace plinth::sklearn
