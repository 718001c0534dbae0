// The answers of a decoupled model on their way to one job: to its stream, or kept where one answer
// is wanted.
#pragma once

#include <optional>
#include <vector>

#include "base/status.h"
#include "model/loaded_model.h"
#include "serving/job.h"

namespace plinth {

class JobAnswers final : public AnswerSink {
 public:
  // The job outlives it.
  explicit JobAnswers(const Job& job) : job_(job) {}

  // Waits while the stream is full. CANCELLED: the client has gone; DEADLINE_EXCEEDED;
  // UNIMPLEMENTED: a second answer where there can be one.
  Status Take(std::vector<NamedTensor> outputs, bool last) override;

  // What the job is answered at the end: nothing if it has a stream, else the only answer.
  // INTERNAL: there was none.
  Result<std::vector<NamedTensor>> Finish();

 private:
  Status AwaitRoom() const;

  const Job& job_;
  std::optional<std::vector<NamedTensor>> only_;
};

}  // namespace plinth
