#include "serving/request_timings.h"

#include <utility>

namespace plinth {

RequestTimings::~RequestTimings() {
  for (auto& bucket : buckets_) {
    for (Size* size = bucket.load(); size != nullptr;) delete std::exchange(size, size->next);
  }
}

RequestTimings::Size& RequestTimings::Of(std::int64_t rows) {
  rows = std::clamp<std::int64_t>(rows, 0, kMostRows);
  std::atomic<Size*>& bucket = buckets_[static_cast<std::size_t>(rows) % kBuckets];
  Size* first = bucket.load(std::memory_order_acquire);
  std::unique_ptr<Size> made;
  for (;;) {
    for (Size* size = first; size != nullptr; size = size->next) {
      if (size->rows == rows) return *size;
    }
    if (!made) made = std::make_unique<Size>(rows);
    made->next = first;
    // If another was faster, `first` is now theirs: look again.
    if (bucket.compare_exchange_weak(first, made.get(), std::memory_order_acq_rel,
                                     std::memory_order_acquire)) {
      return *made.release();
    }
  }
}

void RequestTimings::Executed(const Execution& execution) {
  telemetry::StripedCells& cells = Of(execution.rows).cells;
  const std::uint64_t compute = Count(execution.compute);
  cells.Add(kExecutions, 1, kComputeNs, compute);
  if (execution.requests == 1) return;
  const std::uint64_t input = Count(execution.input);
  const std::uint64_t output = Count(execution.output);
  const std::uint64_t more = execution.requests - 1;
  cells.Add(kInputNs, input, kOutputNs, output);
  cells.Add(kMoreRequests, more, kMoreComputeNs, more * compute);
  cells.Add(kMoreInputNs, more * input, kMoreOutputNs, more * output);
}

TimingTotals RequestTimings::Totals() const {
  const auto rest = [this](std::size_t count, std::size_t ns) {
    return Timing{rest_.Sum(count), rest_.Sum(ns)};
  };
  TimingTotals totals;
  totals.failed = rest(kFailed, kFailedNs);
  totals.failed_queue = rest(kFailedQueue, kFailedQueueNs);
  totals.hits = rest(kHits, kHitNs);
  totals.misses = rest(kMisses, kMissNs);
  std::uint64_t requests = 0;
  for (const auto& bucket : buckets_) {
    for (const Size* size = bucket.load(std::memory_order_acquire); size != nullptr;
         size = size->next) {
      const auto sum = [size](std::size_t cell) { return size->cells.Sum(cell); };
      const BatchTiming batch{.rows = size->rows,
                              .executions = sum(kExecutions),
                              .input_ns = sum(kInputNs),
                              .compute_ns = sum(kComputeNs),
                              .output_ns = sum(kOutputNs)};
      if (batch.executions == 0) continue;
      totals.executions += batch.executions;
      totals.inferences += batch.executions * static_cast<std::uint64_t>(batch.rows);
      requests += batch.executions + sum(kMoreRequests);
      totals.input.ns += batch.input_ns + sum(kMoreInputNs);
      totals.compute.ns += batch.compute_ns + sum(kMoreComputeNs);
      totals.output.ns += batch.output_ns + sum(kMoreOutputNs);
      totals.batches.push_back(batch);
    }
  }
  totals.input.count = totals.compute.count = totals.output.count = requests;
  std::ranges::sort(totals.batches, {}, &BatchTiming::rows);
  return totals;
}

}  // namespace plinth
