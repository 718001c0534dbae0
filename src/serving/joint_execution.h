// Requests executed together as one call of the model, each answered with its own rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "model/model_version.h"
#include "serving/job.h"
#include "tensor/tensor.h"

namespace plinth {

// What a joint call took beside the model's own time.
struct JoiningTimes {
  bool joined = false;  // there was a joint call, and it succeeded
  Clock::duration input{};
  Clock::duration output{};
};

// The outputs of each job, in the jobs' order; what each would have got alone. Where the joint call
// fails, each is tried alone, so that what is wrong with one fails only that one. Requires jobs
// that RequestQueue::Take() gave. Throws nothing; running out of memory is OUT_OF_MEMORY.
std::vector<Result<std::vector<NamedTensor>>> ExecuteJobs(ModelVersion& version,
                                                          std::span<const Job> jobs,
                                                          const ExecuteOptions& options,
                                                          JoiningTimes& times);

// The rows that the jobs count as together.
std::int64_t RowsOf(std::span<const Job> jobs);

// A request of more rows than one execution may have, as parts of at most `most` rows. Its `done`
// is called when the last part is done: with the parts' outputs one behind the other, or with the
// failure of the first part that failed. A request that fits is returned as it is. Requires a model
// that CanBatch(). Throws std::bad_alloc, and the request is then left as it was.
std::vector<Job> SplitJob(const Signature& signature, Job& job, std::int64_t most);

}  // namespace plinth
