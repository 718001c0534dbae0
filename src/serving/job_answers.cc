#include "serving/job_answers.h"

#include <chrono>
#include <thread>
#include <utility>

namespace plinth {
namespace {

// How often a client that reads slowly is looked at.
constexpr std::chrono::milliseconds kPace{1};

}  // namespace

Status JobAnswers::Take(std::vector<NamedTensor> outputs, bool last) {
  if (job_.stream) {
    if (auto room = AwaitRoom(); !room) return room;
    job_.stream->Take(std::move(outputs), last);
    return {};
  }
  if (only_) {
    return Fail(Code::kUnimplemented,
                "the model gives this request several answers (it is decoupled), and this way of "
                "asking takes one; ask by ModelStreamInfer or generate_stream");
  }
  only_ = std::move(outputs);
  return {};
}

// The thread is the model's own, which has nothing else to do.
Status JobAnswers::AwaitRoom() const {
  for (;;) {
    if (job_.IsCancelled()) return Fail(Code::kCancelled, "the client has gone");
    if (Clock::now() >= job_.deadline) {
      return Fail(Code::kDeadlineExceeded, "the request's time is over, and not all was answered");
    }
    if (!job_.stream->full()) return {};
    std::this_thread::sleep_for(kPace);
  }
}

Result<std::vector<NamedTensor>> JobAnswers::Finish() {
  if (job_.stream) return {};
  if (only_) return *std::move(only_);
  return Fail(Code::kInternal, "the model has given this request no answer");
}

}  // namespace plinth
