// When to run a batch, and how large: a pure function of what waits, what is free, and what has
// been learnt.
//
// The rules, in this order:
//   1. Without rows or without a free instance there is nothing to decide.
//   2. How many rows to run now: all that wait, up to batch_size; fewer if that finishes them
//      sooner (a share for each free instance) or if a smaller batch has the same throughput (where
//      cost grows in proportion to rows, joining only delays the first). Sizes that were never run
//      are tried, in steps that double where they may take long. Of the preferred sizes the largest
//      that is filled, if one is.
//   3. Wait for more only if all that waits would go into the batch, more rows are expected because
//      of what has just happened (see ArrivalForecast), and joining them finishes all of them
//      sooner, the wait included, than running what is here and then those who come. Saved work is
//      throughput; work is never left lying for latency's sake alone.
//   4. Never wait longer than batch_timeout from when the oldest could have run, nor so long that
//      the first deadline would pass.
// Whoever asks asks again when a request arrives, an execution ends, or the time given is reached.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "serving/batching/arrival_forecast.h"
#include "serving/batching/cost_curve.h"

namespace plinth {

struct BatchLimits {
  std::int64_t batch_size = 1;                // most rows of one execution
  std::chrono::nanoseconds batch_timeout{0};  // longest wait of an instance for more rows; 0: none
  std::vector<std::int64_t> preferred_sizes;  // rising; may be empty
};

struct BatchState {
  using Time = std::chrono::steady_clock::time_point;

  Time now;
  std::int64_t queued_rows = 0;  // that can be joined with the oldest request, its own included
  std::int64_t first_rows = 1;   // of the oldest request, which is never divided
  Time could_run_since;          // since when the oldest has waited while an instance was free
  Time deadline = Time::max();   // the first of those who wait
  std::int64_t free_instances = 0;
  std::int64_t running = 0;  // executions
};

// Run so many rows now, or, if that is 0, ask again at `until` at the latest; Time::max(): only
// when something happens.
struct BatchDecision {
  std::int64_t rows = 0;
  BatchState::Time until = BatchState::Time::max();
};

BatchDecision DecideBatch(const BatchLimits& limits, const CostModel& costs,
                          const ArrivalForecast& forecast, const BatchState& state);

}  // namespace plinth
