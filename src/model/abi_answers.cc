#include "model/abi_answers.h"

#include <new>
#include <utility>

#include "model/abi_status.h"
#include "model/abi_tensors.h"

namespace plinth {

plinth_status AbiAnswers::Respond(void* self, const plinth_output* outputs,
                                  std::int32_t last) noexcept {
  auto& answers = *static_cast<AbiAnswers*>(self);
  auto taken = [&]() -> Status {
    try {
      return answers.Take(outputs, last != 0);
    } catch (const std::bad_alloc&) {
      return Fail(Code::kOutOfMemory, "there is no memory left for this answer");
    }
  }();
  if (taken) return PLINTH_OK;
  const plinth_status status = StatusOfCode(taken.error().code);
  if (!answers.failure_) answers.failure_ = std::move(taken.error());
  return status;
}

Status AbiAnswers::Take(const plinth_output* outputs, bool last) {
  auto tensors = AdoptOutputs({outputs, wanted_.size()}, signature_, wanted_, keep_alive_);
  if (failure_) return Fail(*failure_);
  if (!tensors) return Fail(std::move(tensors.error()));
  return sink_ == nullptr ? Status() : sink_->Take(*std::move(tensors), last);
}

}  // namespace plinth
