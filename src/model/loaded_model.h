// A model in an engine's hands.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/status.h"
#include "model/async_model.h"
#include "model/cancellation.h"
#include "model/compiled_cache.h"
#include "model/model_caller.h"
#include "model/request_context.h"
#include "model/signature.h"
#include "tensor/tensor.h"

namespace plinth {

// Takes the answers of a decoupled model's execution.
class AnswerSink {
 public:
  virtual ~AnswerSink() = default;
  // From any thread, one at a time, until the execution has returned. May wait for a slow client.
  // `last`: there will be no other. An error ends the execution, which then fails with it.
  virtual Status Take(std::vector<NamedTensor> outputs, bool last) = 0;
};

// How one execution runs.
struct ExecuteOptions {
  std::size_t copy = 0;                  // which of the loaded copies runs it
  Cancellation* cancellation = nullptr;  // lives until the execution has returned
  // When nobody waits for it any more, by the steady clock; 0: never.
  std::chrono::nanoseconds deadline{};
  const ModelCaller* caller = nullptr;      // for its calls of other models; nullptr: it has none
  AnswerSink* answers = nullptr;            // of a decoupled model; nullptr: they are dropped
  const RequestContext* context = nullptr;  // for a model that uses it; nullptr: there is none
};

// Unloaded on destruction: no call may then be running and no output alive.
class LoadedModel {
 public:
  virtual ~LoadedModel() = default;
  LoadedModel(const LoadedModel&) = delete;
  LoadedModel& operator=(const LoadedModel&) = delete;

  const Signature& signature() const { return signature_; }
  // Where it answers later: nullptr if only Execute() runs it.
  virtual AsyncModel* async() { return nullptr; }

  // What the load had of the compiled-model cache.
  virtual CompiledUse compiled_use() const { return CompiledUse::kNone; }

  // Makes the first real call as fast as the next.
  virtual Status Warm() = 0;

  // `inputs` named as in the signature, of matching types; `wanted` are indices of outputs, rising.
  // `keep_alive` is held by every output until its memory is released. A decoupled model gives
  // nothing here, but each of its answers to the options' sink. CANCELLED if the options'
  // cancellation ended the call, DEADLINE_EXCEEDED if its deadline did: that ends it early only
  // where the engine can.
  virtual Result<std::vector<NamedTensor>> Execute(std::span<const NamedTensor> inputs,
                                                   std::span<const std::uint32_t> wanted,
                                                   const std::shared_ptr<const void>& keep_alive,
                                                   const ExecuteOptions& options = {}) = 0;

 protected:
  LoadedModel() = default;

  Signature signature_;
};

}  // namespace plinth
