#include "pipeline/stage.h"

namespace plinth::pipeline {

Status StageContext::Admit(std::chrono::steady_clock::time_point now) const {
  const auto is_over = [now](std::chrono::nanoseconds end) {
    return end.count() != 0 && now.time_since_epoch() >= end;
  };
  if (is_over(deadline) || is_over(caller->deadline())) {
    return Fail(Code::kDeadlineExceeded, "the time is over, and it was not begun");
  }
  if (!caller->TakeStep()) {
    return Fail(Code::kPayloadTooLarge,
                "the request takes more than 1000000 steps, which is the limit; send fewer rows");
  }
  return {};
}

}  // namespace plinth::pipeline
