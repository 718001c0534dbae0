#include "serving/call_scope.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace plinth {
namespace {

using std::chrono::milliseconds;

std::string TitleOf(const ModelVersion& version) {
  return version.name() + "/" + version.version();
}

std::shared_ptr<const CallChain> ChainOf(const ModelVersion& version, std::span<const Job> jobs,
                                         std::shared_ptr<StepBudget> budget) {
  auto chain = std::make_shared<CallChain>(CallChain{&version, {}, std::move(budget)});
  for (const Job& job : jobs) {
    const bool known = std::ranges::find(chain->callers, job.chain) != chain->callers.end();
    if (job.chain == nullptr || known) continue;
    chain->callers.push_back(job.chain);
    chain->depth = std::max(chain->depth, job.chain->depth + 1);
  }
  return chain;
}

}  // namespace

std::string CallChain::PathFrom(const ModelVersion& other) const {
  if (version == &other) return TitleOf(other);
  for (const auto& caller : callers) {
    std::string path = caller->PathFrom(other);
    if (!path.empty()) return path + " -> " + TitleOf(*version);
  }
  return "";
}

Status CheckChain(const ModelVersion& version, const CallChain* chain) {
  if (chain == nullptr) return {};
  if (chain->depth >= CallChain::kMaxDepth) {
    return Fail(Code::kFailedPrecondition,
                "models call each other " + std::to_string(CallChain::kMaxDepth) +
                    " deep, which is the limit; the last is model '" + version.name() + "'");
  }
  const std::string path = chain->PathFrom(version);
  if (path.empty()) return {};
  return Fail(Code::kFailedPrecondition, "model '" + version.name() +
                                             "' cannot be called by what it waits for itself: " +
                                             path + " -> " + TitleOf(version));
}

std::shared_ptr<StepBudget> CallScope::BudgetOf(const ModelVersion& version,
                                                std::span<const Job> jobs) {
  if (!version.signature().waits) return nullptr;
  for (const Job& job : jobs) {
    if (job.chain != nullptr) return job.chain->budget;
  }
  return std::make_shared<StepBudget>();
}

InferRequest CallScope::RequestFor(ModelCall& call) const {
  InferRequest request;
  request.inputs = std::move(call.inputs);
  request.outputs = std::move(call.outputs);
  request.stream = std::move(call.stream);
  request.context = std::move(call.context);
  Clock::time_point deadline = LastDeadline(jobs_);
  if (call.deadline.count() != 0) {
    deadline = std::min(deadline, Clock::time_point(Clock::duration(call.deadline)));
  }
  if (deadline != Clock::time_point::max()) {
    // Up, so that a call never ends before its caller must.
    const auto left = std::chrono::ceil<milliseconds>(deadline - request.arrival);
    request.timeout = std::max(left, milliseconds(0));
  }
  if (!jobs_.empty()) {
    request.priority = std::ranges::min_element(jobs_, {}, &Job::priority)->priority;
  }
  request.cancelled = AllGone(jobs_);
  if (call.deadline.count() != 0) {
    // Nobody waits for it any longer, and what runs is to stop.
    request.cancelled = [gone = std::move(request.cancelled),
                         end = Clock::time_point(Clock::duration(call.deadline))] {
      return Clock::now() >= end || (gone && gone());
    };
  }
  request.chain = ChainOf(version_, jobs_, budget_);
  return request;
}

void CallScope::Call(ModelCall call, ModelCallDone done) const {
  InferRequest request = RequestFor(call);
  request.names_version = !call.version.empty();
  const Clock::time_point end(Clock::duration(call.deadline));
  InferCallback answered = [done = std::move(done), end](Result<InferResponse> answer) mutable {
    if (!answer) {
      // What has been stopped because of its own deadline was not cancelled by anybody.
      const bool late = end != Clock::time_point() && Clock::now() >= end;
      if (late && answer.error().code == Code::kCancelled) {
        answer.error() = {Code::kDeadlineExceeded, "it took longer than the call may take"};
      }
      return done(Fail(std::move(answer.error())));
    }
    done(ModelAnswer{std::move(answer->outputs), answer->version->version(), answer->cached});
  };
  if (call.own == nullptr) {
    return models_.Ask(call.model, call.version, std::move(request), std::move(answered));
  }
  auto lease = call.own->TryAcquire();
  if (!lease) return answered(Fail(Code::kUnavailable, TitleOf(*call.own) + " is unloaded"));
  request.version = *std::move(lease);
  models_.AskVersion(std::move(request), std::move(answered));
}

std::chrono::nanoseconds CallScope::deadline() const {
  const Clock::time_point last = LastDeadline(jobs_);
  if (last == Clock::time_point::max()) return {};
  return last.time_since_epoch();
}

// Of requests that run together none is told what another took.
RequestTrace* CallScope::trace() const {
  return jobs_.size() == 1 ? jobs_.front().trace.get() : nullptr;
}

std::shared_ptr<const RequestContext> CallScope::context() const {
  return jobs_.size() == 1 ? jobs_.front().context : nullptr;
}

std::shared_ptr<const void> CallScope::keep_alive() const {
  if (jobs_.empty()) return version_.shared_from_this();  // it takes no leases yet
  return std::make_shared<const VersionLease>(version_.Share());
}

}  // namespace plinth
