// Which of several gets the n-th request, so that each gets its share.
//
// No coin is thrown: a coin that gives 10 % gives 70 to 130 of 1,000. Here, after every n requests
// each has had n times its share to within one (Tijdeman, "The chairman assignment problem", 1980),
// which is as even as whole requests can be.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

namespace plinth {

// The sequence itself. Not thread-safe.
//
// Invariant: an entry's surplus is what it should have got so far less what it got, in units of
// 2^-52 of a request. The weights are whole numbers of that unit and sum to one request exactly, so
// that nothing is rounded and no error builds up, however long the sequence.
class ChairmanSequence {
 public:
  // The shares are `weights` divided by their sum. Requires at least one above 0, all finite.
  explicit ChairmanSequence(std::span<const double> weights);

  // An index into the weights.
  std::size_t Next();

 private:
  struct Entry {
    std::size_t index;
    std::int64_t weight;
    std::int64_t surplus;
  };

  std::vector<Entry> entries_;  // those of a weight above 0
  std::int64_t least_surplus_;  // of an entry that may be next
};

// The same for many threads at once, without a lock on their way: each takes a number and finds its
// pick in a ring that is filled ahead. A thread that is overtaken by half a ring of others between
// these two steps finds a later request's pick, which is as good as its own.
class SplitSequence {
 public:
  static constexpr std::size_t kMaxWeights = 256;

  // Requires at most kMaxWeights weights, and what ChairmanSequence requires.
  explicit SplitSequence(std::span<const double> weights);

  // An index into the weights.
  std::size_t Next() {
    const std::uint64_t number = next_.fetch_add(1, std::memory_order_relaxed);
    if (number % kChunk == 0) FillAhead(number);
    return ring_[number % kRing].load(std::memory_order_relaxed);
  }

 private:
  static constexpr std::size_t kRing = 1024;
  static constexpr std::size_t kAhead = kRing / 2;
  static constexpr std::size_t kChunk = 64;  // so often is looked whether there is enough ahead

  void FillAhead(std::uint64_t number);
  void FillUntil(std::uint64_t end);

  alignas(64) std::atomic<std::uint64_t> next_{0};
  alignas(64) std::array<std::atomic<std::uint8_t>, kRing> ring_;

  std::mutex mutex_;  // guards what follows; waited for by nobody
  ChairmanSequence sequence_;
  std::uint64_t filled_ = 0;  // picks that were put into the ring so far
};

}  // namespace plinth
