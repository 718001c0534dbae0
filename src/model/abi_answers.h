// plinth_execute_request.respond: the answers of a decoupled model's execution, on their way to the
// sink.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/status.h"
#include "model/loaded_model.h"
#include "model/signature.h"
#include "plinth/backend.h"

namespace plinth {

// Lives while execute() runs, on its thread's stack.
class AbiAnswers {
 public:
  // Both outlive it. `sink` may be nullptr: the answers are checked and dropped.
  AbiAnswers(const Signature& signature, std::span<const std::uint32_t> wanted,
             std::shared_ptr<const void> keep_alive, AnswerSink* sink)
      : signature_(signature), wanted_(wanted), keep_alive_(std::move(keep_alive)), sink_(sink) {}

  // The function of the ABI; `self` is an AbiAnswers.
  static plinth_status Respond(void* self, const plinth_output* outputs,
                               std::int32_t last) noexcept;

  // Why the execution was told to end, if it was. For when execute() has returned.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  Status Take(const plinth_output* outputs, bool last);

  const Signature& signature_;
  const std::span<const std::uint32_t> wanted_;
  const std::shared_ptr<const void> keep_alive_;
  AnswerSink* const sink_;
  std::optional<Error> failure_;
};

}  // namespace plinth
