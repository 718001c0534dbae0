#include "pipeline/graph_stage.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <new>
#include <optional>
#include <utility>

#include "model/request_trace.h"
#include "pipeline/host.h"
#include "pipeline/take_output.h"
#include "tensor/convert.h"

namespace plinth::pipeline {
namespace {

using std::chrono::nanoseconds;

using Clock = std::chrono::steady_clock;

nanoseconds Now() { return Clock::now().time_since_epoch(); }

// A model that has gone is no mistake of the request's, nor is what another step gave.
Error OfStep(const GraphStep& step, Error error) {
  if (error.code == Code::kNotFound) error.code = Code::kUnavailable;
  if (error.code == Code::kInvalidArgument && !step.takes_request) error.code = Code::kInternal;
  return error.Annotate("step '" + step.name + "'");
}

// One run of a graph.
class GraphRun : public std::enable_shared_from_this<GraphRun> {
 public:
  GraphRun(std::shared_ptr<const GraphStage> stage, std::vector<std::uint32_t> wanted,
           const StageContext& context, ModelCallDone done)
      : stage_(std::move(stage)),
        graph_(stage_->graph()),
        wanted_(std::move(wanted)),
        context_(context),
        done_(std::move(done)),
        slots_(graph_.slots),
        uses_(graph_.slots, 0),
        waits_for_(graph_.steps.size(), kNotNeeded) {}

  void Begin(std::vector<NamedTensor> inputs);

 private:
  static constexpr std::int32_t kNotNeeded = -1;

  void Need(std::uint32_t slot);
  void Drain();
  void Launch(std::uint32_t step);
  Result<std::vector<NamedTensor>> Take(const GraphStep& step);
  void Finish(std::uint32_t step, Result<ModelAnswer> answer);
  Status Keep(std::uint32_t step, std::vector<NamedTensor> outputs);
  void Trace(const GraphStep& step, nanoseconds start, const Result<ModelAnswer>& answer) const;
  std::vector<NamedTensor> Outputs();

  const std::shared_ptr<const GraphStage> stage_;
  const Graph& graph_;
  const std::vector<std::uint32_t> wanted_;
  const StageContext context_;

  std::mutex mutex_;    // guards what follows
  ModelCallDone done_;  // empty once it is called
  std::vector<std::optional<Tensor>> slots_;
  std::vector<std::uint32_t> uses_;      // of each slot that are still to come
  std::vector<std::int32_t> waits_for_;  // how many steps each waits for; or kNotNeeded
  std::deque<std::uint32_t> ready_;      // to be started
  std::size_t left_ = 0;                 // needed steps that have not ended
  bool draining_ = false;                // a thread starts what is ready
};

// What has to be there for it: before anything runs.
void GraphRun::Need(std::uint32_t slot) {
  ++uses_[slot];
  const std::uint32_t producer = graph_.producer[slot];
  if (producer == Graph::kNoStep || waits_for_[producer] != kNotNeeded) return;
  const GraphStep& step = graph_.steps[producer];
  waits_for_[producer] = static_cast<std::int32_t>(step.needs.size());
  ++left_;
  if (step.needs.empty()) ready_.push_back(producer);
  for (const Edge& edge : step.edges) Need(edge.slot);
}

void GraphRun::Begin(std::vector<NamedTensor> inputs) {
  const auto& specs = graph_.signature.inputs;
  for (NamedTensor& input : inputs) {
    const auto spec = std::ranges::find(specs, input.name, &TensorSpec::name);
    slots_[static_cast<std::size_t>(spec - specs.begin())] = std::move(input.tensor);
  }
  for (const std::uint32_t output : wanted_) Need(graph_.outputs[output]);
  if (left_ == 0) {  // the outputs are inputs
    auto done = std::move(done_);
    return done(ModelAnswer{Outputs()});
  }
  draining_ = true;
  Drain();
}

// Starts what is ready, until nothing is. Steps that end meanwhile only make others ready: so the
// stack does not grow with the number of steps.
void GraphRun::Drain() {
  const auto keep = shared_from_this();
  const Clock::time_point end = Clock::now() + kTurn;
  std::unique_lock lock(mutex_);
  while (!ready_.empty() && done_) {
    const Clock::time_point now = Clock::now();
    if (now >= end) {
      lock.unlock();  // a host may run it at once
      return context_.host->Post([keep] { keep->Drain(); });
    }
    const std::uint32_t step = ready_.front();
    ready_.pop_front();
    lock.unlock();
    if (auto admitted = context_.Admit(now); !admitted) {
      Finish(step, Fail(std::move(admitted.error())));
    } else {
      Launch(step);
    }
    lock.lock();
  }
  draining_ = false;
}

void GraphRun::Launch(std::uint32_t index) {
  const GraphStep& step = graph_.steps[index];
  Result<std::vector<NamedTensor>> inputs;
  try {
    inputs = Take(step);
  } catch (const std::bad_alloc&) {
    inputs = Fail(Code::kOutOfMemory, "there is no memory to convert its inputs");
  }
  if (!inputs) return Finish(index, Fail(std::move(inputs.error())));
  StageContext context{context_.caller, context_.deadline, {}, context_.host};
  const bool traces = context_.caller->trace() != nullptr;
  if (traces) context.path = context_.path + step.name + ".";
  const nanoseconds start = traces ? Now() : nanoseconds();
  step.stage->Start(*std::move(inputs), step.wanted, context,
                    [run = shared_from_this(), index, start](Result<ModelAnswer> answer) {
                      if (start.count() != 0) run->Trace(run->graph_.steps[index], start, answer);
                      run->Finish(index, std::move(answer));
                    });
}

// What is not there is an optional input that was not given: the step says whether it needs it.
Result<std::vector<NamedTensor>> GraphRun::Take(const GraphStep& step) {
  std::vector<NamedTensor> inputs;
  std::vector<DType> casts;
  inputs.reserve(step.edges.size());
  {
    const std::lock_guard lock(mutex_);
    for (const Edge& edge : step.edges) {
      auto& slot = slots_[edge.slot];
      const bool last = --uses_[edge.slot] == 0;
      if (slot) {
        inputs.push_back({edge.port, last ? std::move(*slot) : *slot});
        casts.push_back(edge.cast);
      }
      if (last) slot.reset();
    }
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Tensor& tensor = inputs[i].tensor;
    if (casts[i] == DType::kAny || tensor.dtype() == casts[i]) continue;
    auto converted = Convert(tensor, casts[i]);
    if (!converted) return Fail(converted.error().Annotate("input '" + inputs[i].name + "'"));
    tensor = *std::move(converted);
  }
  return inputs;
}

void GraphRun::Trace(const GraphStep& step, nanoseconds start,
                     const Result<ModelAnswer>& answer) const {
  context_.caller->trace()->Add({.step = context_.path + step.name,
                                 .model = std::string(step.stage->model()),
                                 .version = answer ? answer->version : "",
                                 .cached = answer && answer->cached,
                                 .error = answer ? "" : answer.error().message,
                                 .start = start,
                                 .took = Now() - start});
}

// Requires mutex_.
Status GraphRun::Keep(std::uint32_t index, std::vector<NamedTensor> outputs) {
  const GraphStep& step = graph_.steps[index];
  for (std::size_t i = 0; i < step.wanted.size(); ++i) {
    const TensorSpec& spec = step.stage->signature().outputs[step.wanted[i]];
    auto tensor = TakeOutput(outputs, spec.name);
    if (!tensor) return Fail(std::move(tensor.error()));
    if (auto same = ExpectAsPlanned(spec, *tensor); !same) return same;
    if (uses_[step.slots[i]] > 0) slots_[step.slots[i]] = *std::move(tensor);
  }
  for (const std::uint32_t other : step.feeds) {
    if (waits_for_[other] > 0 && --waits_for_[other] == 0) ready_.push_back(other);
  }
  return {};
}

// Requires mutex_, or that nothing runs.
std::vector<NamedTensor> GraphRun::Outputs() {
  std::vector<NamedTensor> outputs;
  outputs.reserve(wanted_.size());
  for (const std::uint32_t i : wanted_) {
    // An input that was not given has no value to be passed on.
    if (auto& slot = slots_[graph_.outputs[i]]) {
      outputs.push_back({graph_.signature.outputs[i].name, *slot});
    }
  }
  return outputs;
}

void GraphRun::Finish(std::uint32_t index, Result<ModelAnswer> answer) {
  ModelCallDone done;
  Result<ModelAnswer> result;
  {
    const std::lock_guard lock(mutex_);
    if (!done_) return;  // another step has failed
    Status kept =
        answer ? Keep(index, std::move(answer->outputs)) : Fail(std::move(answer.error()));
    if (!kept) {
      done = std::exchange(done_, nullptr);
      result = Fail(OfStep(graph_.steps[index], std::move(kept.error())));
    } else if (--left_ == 0) {
      done = std::exchange(done_, nullptr);
      result = ModelAnswer{Outputs()};
    } else if (std::exchange(draining_, true)) {
      return;  // that thread goes on
    }
  }
  if (done) return done(std::move(result));
  Drain();
}

}  // namespace

void GraphStage::Start(std::vector<NamedTensor> inputs, std::vector<std::uint32_t> wanted,
                       const StageContext& context, ModelCallDone done) const {
  std::make_shared<GraphRun>(std::static_pointer_cast<const GraphStage>(shared_from_this()),
                             std::move(wanted), context, std::move(done))
      ->Begin(std::move(inputs));
}

}  // namespace plinth::pipeline
