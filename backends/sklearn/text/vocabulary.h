// A fixed map from terms to columns, made for being asked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace plinth::sklearn {

// An open hash table over one block of memory with all the terms. The hash has a secret of this
// process in it, so that no file can be made whose terms all meet.
class Vocabulary {
 public:
  Vocabulary() = default;
  // term i is in column i. The terms are copied.
  explicit Vocabulary(const std::vector<std::string_view>& terms);

  std::size_t size() const { return starts_.empty() ? 0 : starts_.size() - 1; }

  static constexpr std::int32_t kNone = -1;
  // The column of a term, or kNone.
  std::int32_t Find(std::string_view term) const {
    if (slots_.empty()) return kNone;
    const std::uint64_t hash = Hash(term);
    const auto tag = static_cast<std::uint32_t>(hash >> 32);
    for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
      const Slot slot = slots_[at];
      if (slot.column == kNone) return kNone;
      if (slot.tag == tag && term == Term(slot.column)) return slot.column;
    }
  }

  // What an object of so many terms, of so many bytes in all, takes.
  static std::size_t SizeOf(std::size_t terms, std::size_t bytes);

 private:
  struct Slot {
    std::uint32_t tag = 0;  // the upper half of the hash
    std::int32_t column = kNone;
  };

  static std::uint64_t Hash(std::string_view term);
  std::string_view Term(std::int32_t column) const {
    const auto i = static_cast<std::size_t>(column);
    return {bytes_.data() + starts_[i], starts_[i + 1] - starts_[i]};
  }

  std::vector<Slot> slots_;  // a power of two of them, at most half of them taken
  std::size_t mask_ = 0;
  std::vector<char> bytes_;
  std::vector<std::size_t> starts_;
};

}  // namespace plinth::sklearn
