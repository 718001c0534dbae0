#include "traffic/split_sequence.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

namespace plinth {
namespace {

constexpr std::int64_t kOne = std::int64_t{1} << 52;  // one request

}  // namespace

ChairmanSequence::ChairmanSequence(std::span<const double> weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::int64_t left = kOne;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::int64_t weight = std::llround(weights[i] / sum * static_cast<double>(kOne));
    if (weight <= 0) continue;
    entries_.push_back({i, weight, 0});
    left -= weight;
  }
  assert(!entries_.empty());
  std::ranges::max_element(entries_, {}, &Entry::weight)->weight +=
      left;  // what rounding left over
  const auto count = static_cast<std::int64_t>(entries_.size());
  least_surplus_ = count == 1 ? 0 : kOne / (2 * count - 2);
}

// Among those whose turn may have come, the one that must come first: (limit - surplus) / weight is
// the number of requests after which its surplus would pass the limit.
std::size_t ChairmanSequence::Next() {
  Entry* next = &entries_.front();
  double soonest = std::numeric_limits<double>::infinity();
  for (Entry& entry : entries_) {
    entry.surplus += entry.weight;
    if (entry.surplus < least_surplus_) continue;
    const double deadline = static_cast<double>(kOne - least_surplus_ - entry.surplus) /
                            static_cast<double>(entry.weight);
    if (deadline >= soonest) continue;
    soonest = deadline;
    next = &entry;
  }
  next->surplus -= kOne;
  return next->index;
}

SplitSequence::SplitSequence(std::span<const double> weights) : sequence_(weights) {
  assert(weights.size() <= kMaxWeights);
  FillUntil(kRing);
}

// One thread fills, others go on: there is enough for them, and whoever looks next fills what is
// missing by then.
void SplitSequence::FillAhead(std::uint64_t number) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (lock) FillUntil(number + kAhead);
}

void SplitSequence::FillUntil(std::uint64_t end) {
  for (; filled_ < end; ++filled_) {
    ring_[filled_ % kRing].store(static_cast<std::uint8_t>(sequence_.Next()),
                                 std::memory_order_relaxed);
  }
}

}  // namespace plinth
