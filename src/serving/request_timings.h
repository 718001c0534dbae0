// Where the time of a version's requests went, as Triton counts it: how long they waited, and what
// bringing inputs together, computing and taking outputs apart took, all in all and by the number
// of rows of an execution.
//
// Any thread, no lock. What most requests do, run alone and succeed, is two additions in one cache
// line of the core's own; what a request shares with others of its execution is counted on top.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "telemetry/stripes.h"

namespace plinth {

struct Timing {
  std::uint64_t count = 0;
  std::uint64_t ns = 0;  // of all together

  bool operator==(const Timing&) const = default;
};

// Of the executions of one size; each part happened `executions` times.
struct BatchTiming {
  std::int64_t rows = 0;
  std::uint64_t executions = 0;
  std::uint64_t input_ns = 0;
  std::uint64_t compute_ns = 0;
  std::uint64_t output_ns = 0;

  bool operator==(const BatchTiming&) const = default;
};

struct TimingTotals {
  std::uint64_t inferences = 0;  // rows executed
  std::uint64_t executions = 0;
  // Of requests executed with success; one that ran with others counts all of their execution.
  Timing input;
  Timing compute;
  Timing output;
  Timing failed;        // from arrival to answer
  Timing failed_queue;  // of the failed, those that were executed: what they had waited
  Timing hits;          // answered by what was computed for another; the time of the look
  Timing misses;        // looked for and executed
  std::vector<BatchTiming> batches;  // by rows, rising
};

class RequestTimings {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  // Larger executions are counted among those of so many rows.
  static constexpr std::int64_t kMostRows = 1024;

  struct Execution {
    std::int64_t rows = 1;
    std::uint64_t requests = 1;
    Nanoseconds input{};  // bringing the requests' inputs together
    Nanoseconds compute{};
    Nanoseconds output{};  // giving each request its part
  };

  RequestTimings() = default;
  RequestTimings(const RequestTimings&) = delete;
  RequestTimings& operator=(const RequestTimings&) = delete;
  ~RequestTimings();

  void Executed(const Execution& execution);
  void Failed(Nanoseconds took) { rest_.Add(kFailed, 1, kFailedNs, Count(took)); }
  void FailedAfterWaiting(Nanoseconds waited) {
    rest_.Add(kFailedQueue, 1, kFailedQueueNs, Count(waited));
  }
  void Hit(Nanoseconds took) { rest_.Add(kHits, 1, kHitNs, Count(took)); }
  void Miss(Nanoseconds took) { rest_.Add(kMisses, 1, kMissNs, Count(took)); }

  TimingTotals Totals() const;

 private:
  // Cells of `rest_`.
  enum : std::size_t {
    kFailed,
    kFailedNs,
    kFailedQueue,
    kFailedQueueNs,
    kHits,
    kHitNs,
    kMisses,
    kMissNs,
    kRestCells
  };
  // Cells of a size: of executions, and what is to be added for each request but the first.
  enum : std::size_t {
    kExecutions,
    kComputeNs,
    kInputNs,
    kOutputNs,
    kMoreRequests,
    kMoreComputeNs,
    kMoreInputNs,
    kMoreOutputNs,
    kSizeCells
  };
  struct Size {
    explicit Size(std::int64_t of) : rows(of) {}
    const std::int64_t rows;
    telemetry::StripedCells cells{kSizeCells};
    Size* next = nullptr;  // in its bucket; never changes once the size is in it
  };

  static std::uint64_t Count(Nanoseconds took) {
    return static_cast<std::uint64_t>(std::max<Nanoseconds::rep>(took.count(), 0));
  }
  Size& Of(std::int64_t rows);

  static constexpr std::size_t kBuckets = 32;
  // Sizes are only ever put in front, so that who walks along needs no lock.
  std::array<std::atomic<Size*>, kBuckets> buckets_{};
  telemetry::StripedCells rest_{kRestCells};
};

}  // namespace plinth
