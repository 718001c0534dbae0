// One request on its way through a version: checked, ordered, and with somebody to answer to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/answer_stream.h"
#include "model/config.h"
#include "model/request_context.h"
#include "model/request_trace.h"
#include "serving/infer.h"
#include "tensor/tensor.h"

namespace plinth {

struct Answer {
  std::vector<NamedTensor> outputs;  // in the order of the signature
  bool cached = false;
};

struct Job {
  std::vector<NamedTensor> inputs;    // as CheckInputs() leaves them
  std::vector<std::uint32_t> wanted;  // as CheckOutputs() gives them
  std::int64_t rows = 1;
  Priority priority = Priority::kNormal;
  Clock::time_point arrival;
  // When it began to wait to be executed; what is executed at once does not wait.
  Clock::time_point queued = Clock::time_point::max();
  Clock::time_point deadline = Clock::time_point::max();
  std::function<bool()> cancelled;                // may be empty
  std::shared_ptr<const CallChain> chain;         // who waits for it, where a model has asked
  std::shared_ptr<RequestTrace> trace;            // of who asks what it took; mostly none
  std::shared_ptr<AnswerStream> stream;           // of who takes several answers; mostly none
  std::shared_ptr<const RequestContext> context;  // where the model uses it; mostly none

  // Called exactly once. Keeps the version loaded until then: what is done after it must not touch
  // the version or what belongs to it.
  std::move_only_function<void(Result<Answer>)> done;

  std::size_t InputBytes() const {
    std::size_t bytes = 0;
    for (const NamedTensor& input : inputs) bytes += input.tensor.data().size();
    return bytes;
  }
  bool IsCancelled() const { return cancelled && cancelled(); }
  // The client's own, as JSON: only those with the same run together. Empty: none.
  std::string_view Parameters() const {
    return context ? std::string_view(context->parameters) : std::string_view();
  }
};

// When the last of the jobs has waited long enough; never, if there are none.
Clock::time_point LastDeadline(std::span<const Job> jobs);

// Whether the clients of all of the jobs have gone. Empty if one cannot go, or there are none.
std::function<bool()> AllGone(std::span<const Job> jobs);

}  // namespace plinth
