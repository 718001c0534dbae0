// How a model that runs asks other models of the process.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/answer_stream.h"
#include "model/request_context.h"
#include "tensor/tensor.h"

namespace plinth {

class ModelVersion;
class RequestTrace;

struct ModelCall {
  std::string model;
  std::string version{};                // or a label; empty: as the model's traffic is split
  std::shared_ptr<ModelVersion> own{};  // a version that only the caller has: instead of both
  std::vector<NamedTensor> inputs{};    // in any order
  std::vector<std::string> outputs{};   // names of those that are wanted; empty: all
  // By the steady clock, where it is earlier than the caller's; 0: the caller's.
  std::chrono::nanoseconds deadline{};
  std::shared_ptr<AnswerStream> stream{};  // as of an InferRequest; mostly none
  std::shared_ptr<const RequestContext> context{};
};

struct ModelAnswer {
  std::vector<NamedTensor> outputs;
  std::string version{};  // that answered
  bool cached = false;    // it was not executed for this call
};

// Called once.
using ModelCallDone = std::move_only_function<void(Result<ModelAnswer>)>;

// On behalf of one execution, whose deadline, priority and cancellation hold for what it asks.
class ModelCaller {
 public:
  virtual ~ModelCaller() = default;

  // `done` is called from any thread, perhaps before this returns. FAILED_PRECONDITION: the model
  // waits for the caller itself.
  virtual void Call(ModelCall call, ModelCallDone done) const = 0;

  // Keeps what the execution's own tensors lie in until it is gone.
  virtual std::shared_ptr<const void> keep_alive() const = 0;

  // When nobody waits for the execution any more, by the steady clock; 0: never.
  virtual std::chrono::nanoseconds deadline() const { return {}; }

  // Counts one more thing that is done for the request. false: it has had as many as it may.
  virtual bool TakeStep() const { return true; }

  // Where what it takes is to be written down; nullptr: nowhere.
  virtual RequestTrace* trace() const { return nullptr; }

  // What the client says of the request; nullptr: nothing, or it is several requests.
  virtual std::shared_ptr<const RequestContext> context() const { return nullptr; }
};

}  // namespace plinth
