// How a model that runs asks other models: on behalf of the requests that it runs for.
//
//   CallScope scope(models, version, jobs);                    // both outlive it
//   version.Execute(inputs, wanted, {.caller = &scope});
//
// What is asked takes the way of every request: through the cache, the queue, the batches and the
// figures of the version that answers.
//
// Invariants:
// - A called request ends no later than the last of the jobs that it is made for, and is cancelled
//   when all of their clients have gone.
// - All that is done for a request is counted together, and bounded (StepBudget).
// - No version is asked that waits for the call itself, however long the chain: it would wait for
//   ever where all its instances do. Chains have at most kMaxDepth links.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/model_caller.h"
#include "model/model_version.h"
#include "serving/infer.h"
#include "serving/job.h"

namespace plinth {

// How much is done for one request by models that call each other: rows of rows of rows would be
// without end.
class StepBudget {
 public:
  static constexpr std::uint64_t kMost = 1'000'000;

  bool Take() { return taken_.fetch_add(1, std::memory_order_relaxed) < kMost; }

 private:
  std::atomic<std::uint64_t> taken_ = 0;
};

// A version that waits for the requests that it has made, and who waits for it in turn.
struct CallChain {
  static constexpr std::size_t kMaxDepth = 16;

  const ModelVersion* version;
  std::vector<std::shared_ptr<const CallChain>> callers;  // of the jobs that it runs for
  std::shared_ptr<StepBudget> budget;                     // of all that is called for the request
  std::size_t depth = 1;

  // "a/v1 -> b/v1", the first that leads to `version`; empty if none does.
  std::string PathFrom(const ModelVersion& version) const;
};

// The models of the process, by name.
class CallableModels {
 public:
  virtual ~CallableModels() = default;

  // Has the request answered by the version of that name or label, or by the one whose turn it is
  // if `version` is empty. `done` is called once, from any thread. As of Service::Resolve() and
  // Infer(); FAILED_PRECONDITION if the version is in the request's own chain.
  virtual void Ask(const std::string& model, const std::string& version, InferRequest request,
                   InferCallback done) = 0;

  // The same for the version that the request holds.
  virtual void AskVersion(InferRequest request, InferCallback done) = 0;

  // As of Registry: what an answer that others had a part in is good for.
  virtual std::uint64_t generation() const = 0;
};

// FAILED_PRECONDITION if `version` waits for what is called by `chain`, which may be nullptr.
Status CheckChain(const ModelVersion& version, const CallChain* chain);

class CallScope final : public ModelCaller {
 public:
  // Without jobs, for a rehearsal: nobody waits, so that only the called model's own timeout holds.
  CallScope(CallableModels& models, ModelVersion& version, std::span<const Job> jobs)
      : models_(models), version_(version), jobs_(jobs), budget_(BudgetOf(version, jobs)) {}

  void Call(ModelCall call, ModelCallDone done) const override;
  std::shared_ptr<const void> keep_alive() const override;
  std::chrono::nanoseconds deadline() const override;
  bool TakeStep() const override { return budget_->Take(); }
  RequestTrace* trace() const override;
  std::shared_ptr<const RequestContext> context() const override;

 private:
  // That of the first job that was called itself; else a new one. None for a version that calls
  // nothing.
  static std::shared_ptr<StepBudget> BudgetOf(const ModelVersion& version,
                                              std::span<const Job> jobs);
  InferRequest RequestFor(ModelCall& call) const;

  CallableModels& models_;
  ModelVersion& version_;
  const std::span<const Job> jobs_;
  const std::shared_ptr<StepBudget> budget_;
};

}  // namespace plinth
