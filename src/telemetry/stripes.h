// Numbers that many threads add to at once and few read: each core adds to memory of its own, a
// reader sums up.
#pragma once

#include <sched.h>
#include <sys/rseq.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace plinth::telemetry {

// The core that the calling thread is on at this moment. The kernel keeps it in the thread's own
// memory (rseq), so this is a load, a quarter of what sched_getcpu() takes. A thread may be moved
// right after: good for choosing what is probably in this core's cache, not for exclusion.
inline unsigned CurrentCpu() {
  if (__rseq_size == 0) return static_cast<unsigned>(sched_getcpu());  // an old kernel
  const auto* area = reinterpret_cast<const struct rseq*>(
      static_cast<const char*>(__builtin_thread_pointer()) + __rseq_offset);
  return *static_cast<const volatile unsigned*>(&area->cpu_id);
}

// Which stripe each core uses. The cores that the process may run on take them in turn, so that
// two never share one while others are free, whatever their numbers are.
class StripeMap {
 public:
  static constexpr std::size_t kMaxStripes = 16;

  // Requires a power of two up to kMaxStripes, and at least one core.
  StripeMap(std::size_t stripes, const cpu_set_t& cores);

  // Of this process: as many stripes as cores, rounded up to a power of two, at most kMaxStripes.
  static const StripeMap& OfProcess();

  std::size_t stripes() const { return stripes_; }
  std::size_t StripeOf(unsigned cpu) const { return stripe_of_[cpu % stripe_of_.size()]; }

 private:
  const std::size_t stripes_;
  std::array<std::uint8_t, CPU_SETSIZE> stripe_of_{};
};

// A row of numbers in every stripe. Rows start at a cache line and share none with others; all is
// zero at first. Sums are modulo 2^64 and never miss an addition, whichever stripe it went to.
class StripedCells {
 public:
  // `map` outlives the cells. Memory: stripes x cells x 8 bytes, each row rounded up to 64.
  explicit StripedCells(std::size_t cells, const StripeMap& map = StripeMap::OfProcess());

  void Add(std::size_t cell, std::uint64_t n) { AddTo(Here(), cell, n); }
  // Both with one look for the core.
  void Add(std::size_t cell, std::uint64_t n, std::size_t other, std::uint64_t m) {
    Line* const row = Here();
    AddTo(row, cell, n);
    AddTo(row, other, m);
  }
  std::uint64_t Sum(std::size_t cell) const;

 private:
  static constexpr std::size_t kLineCells = 8;
  struct alignas(64) Line {
    std::array<std::atomic<std::uint64_t>, kLineCells> cells{};
  };

  Line* Here() { return &lines_[map_.StripeOf(CurrentCpu()) * row_lines_]; }
  static void AddTo(Line* row, std::size_t cell, std::uint64_t n) {
    row[cell / kLineCells].cells[cell % kLineCells].fetch_add(n, std::memory_order_relaxed);
  }

  const StripeMap& map_;
  const std::size_t row_lines_;
  const std::unique_ptr<Line[]> lines_;
};

}  // namespace plinth::telemetry
