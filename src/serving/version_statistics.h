// A version's requests and their time, as Open Inference reports them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "serving/model_metrics.h"
#include "serving/request_timings.h"

namespace plinth {

struct VersionStatistics {
  std::string version;
  std::int64_t last_inference_ms = 0;  // since 1970; 0: none yet
  std::uint64_t inferences = 0;        // rows executed
  std::uint64_t executions = 0;
  Timing success;  // from arrival to answer, answers from the cache included
  Timing fail;
  Timing queue;  // of the successful
  Timing input;  // these three of those that were executed
  Timing compute;
  Timing output;
  Timing cache_hit;
  Timing cache_miss;
  std::vector<BatchTiming> batches;  // by rows, rising
  std::size_t memory_bytes = 0;      // that its load took, roughly; 0: not known
};

// What was counted, as statistics; the rest is left as it is.
VersionStatistics StatisticsOf(const RequestCounts& counts, const TimingTotals& timings);

}  // namespace plinth
