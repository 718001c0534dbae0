// What a step runs: a model, a built-in function, or stages put together. A pipeline is a stage.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "model/model_caller.h"
#include "model/signature.h"
#include "tensor/tensor.h"

namespace plinth::pipeline {

class Host;

// On whose behalf a stage runs.
struct StageContext {
  std::shared_ptr<const ModelCaller> caller;
  // By the steady clock, where it is earlier than the caller's; 0: the caller's.
  std::chrono::nanoseconds deadline{};
  std::string path{};  // of the steps that it lies in, "outer."; only kept where the caller traces
  Host* host = nullptr;

  // Whether one more step, or row, may be begun at that time. DEADLINE_EXCEEDED: nobody waits for
  // it any more; PAYLOAD_TOO_LARGE: the request has had as many as it may.
  Status Admit(std::chrono::steady_clock::time_point now) const;
};

// How long a thread goes on with the work of one request before it lets another take over: it may
// be one that takes requests in.
inline constexpr std::chrono::milliseconds kTurn{1};

// Immutable; any number of runs at once. Each run keeps its stage, so that a pipeline may be
// unloaded by the answer of its last request.
class Stage : public std::enable_shared_from_this<Stage> {
 public:
  virtual ~Stage() = default;
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  const Signature& signature() const { return signature_; }

  // The deployed model that it asks; empty where it is none, or several.
  virtual std::string_view model() const { return ""; }

  // Begins a run. `inputs` have names of the signature, `wanted` are indices of its outputs,
  // rising and not empty; the answer has these, in any order. `done` is called once, from any
  // thread, perhaps before this returns.
  virtual void Start(std::vector<NamedTensor> inputs, std::vector<std::uint32_t> wanted,
                     const StageContext& context, ModelCallDone done) const = 0;

 protected:
  explicit Stage(Signature signature) : signature_(std::move(signature)) {}

 private:
  const Signature signature_;
};

using StagePtr = std::shared_ptr<const Stage>;

}  // namespace plinth::pipeline
