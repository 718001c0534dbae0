// One prediction, from every protocol to every backend.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/answer_stream.h"
#include "model/config.h"
#include "model/model_version.h"
#include "model/request_context.h"
#include "model/request_trace.h"
#include "tensor/tensor.h"

namespace plinth {

using Clock = std::chrono::steady_clock;

struct CallChain;

// What is asked.
struct InferRequest {
  VersionLease version;              // from Service::Resolve() or Route()
  VersionLease shadow{};             // gets a copy of the request; mostly none
  std::vector<NamedTensor> inputs;   // in any order
  std::vector<std::string> outputs;  // names of the wanted ones; empty: all
  Clock::time_point arrival = Clock::now();
  // From arrival; only shortens timeout_ms.
  std::optional<std::chrono::milliseconds> timeout = std::nullopt;
  std::optional<Priority> priority = std::nullopt;  // else the model's
  bool names_version = false;                       // so that it is no part of a split
  bool bypass_cache = false;                        // neither read the cache nor wait for others
  std::function<bool()> cancelled;  // may be empty; asked from any thread until the answer
  std::shared_ptr<const CallChain>
      chain{};                            // who waits for it, where a model has asked; mostly none
  std::shared_ptr<RequestTrace> trace{};  // gets what the steps of a pipeline take; mostly none
  // Gets the answers of a decoupled model; the response at the end then has no outputs. nullptr:
  // one answer is wanted, and a model that gives more is UNIMPLEMENTED.
  std::shared_ptr<AnswerStream> stream{};
  std::shared_ptr<const RequestContext> context{};  // mostly none
};

// What is answered.
struct InferResponse {
  VersionLease version;
  std::vector<NamedTensor> outputs;  // in the order of the signature
  bool cached = false;               // not executed for this request
};

using InferCallback = std::move_only_function<void(Result<InferResponse>)>;

}  // namespace plinth
