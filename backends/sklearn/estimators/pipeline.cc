// Pipeline: transformers one behind the other, and an estimator at the end.
#include <algorithm>
#include <utility>

#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

class PipelineOperator final : public Estimator {
 public:
  PipelineOperator(Traits traits, std::vector<EstimatorPtr> steps)
      : Estimator(std::move(traits)), steps_(std::move(steps)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    return RunBatch(Batch(rows), out, scratch);
  }

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const Result<Batch> last = BeforeLast(batch, frame);
    if (!last) return Fail(last.error());
    return steps_.back()->RunBatch(*last, out, scratch);
  }

  Status TransformSparse(const Batch& batch, SparseMatrix& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const Result<Batch> last = BeforeLast(batch, frame);
    if (!last) return Fail(last.error());
    return steps_.back()->TransformSparse(*last, out, scratch);
  }

  Result<Table> TransformTable(const Batch& batch, Scratch::Frame& frame) const override {
    const Result<Batch> last = BeforeLast(batch, frame);
    if (!last) return Fail(last.error());
    return steps_.back()->TransformTable(*last, frame);
  }

 private:
  // What the last step is given.
  Result<Batch> BeforeLast(Batch batch, Scratch::Frame& frame) const {
    for (std::size_t i = 0; i + 1 < steps_.size(); ++i) {
      Result<Batch> next = steps_[i]->Transform(batch, frame);
      if (!next) return next;
      batch = *next;
    }
    return batch;
  }

  std::vector<EstimatorPtr> steps_;  // at least one; all but the last are transformers
};

bool IsPassthrough(const Value& step) {
  return step.IsNone() || (step.IsText() && step.text == "passthrough");
}

Traits TraitsOf(const std::vector<EstimatorPtr>& steps) {
  Traits traits = steps.back()->traits();
  const Traits& first = steps.front()->traits();
  traits.inputs = first.inputs;
  traits.input_types = first.input_types;
  traits.names = first.names;
  traits.takes_sparse = first.takes_sparse;
  for (const EstimatorPtr& step : steps) {
    traits.widest = std::max(traits.widest, step->traits().widest);
  }
  return traits;
}

// steps: [(name, estimator or None or "passthrough"), ...]
EstimatorPtr ReadPipeline(Fitted& fitted) {
  const Value* list = fitted.Require("steps");
  if (list == nullptr) return nullptr;
  if (!list->IsSequence()) {
    fitted.Fail("'steps' is " + Describe(*list) + "; a list was expected");
    return nullptr;
  }
  std::vector<EstimatorPtr> steps;
  std::size_t width = 0;  // not known before the first step
  for (const Value* entry : list->items) {
    if (!entry->IsSequence() || entry->items.size() != 2) {
      fitted.Fail("a step is " + Describe(*entry) + "; (name, estimator) was expected");
      return nullptr;
    }
    if (IsPassthrough(*entry->items[1])) continue;
    if (!steps.empty() && !steps.back()->traits().Transforms()) {
      fitted.Fail(steps.back()->traits().name + " is not the last step, but transforms nothing");
      return nullptr;
    }
    if (steps.empty()) width = fitted.GivenWidth();
    EstimatorPtr step = fitted.Child(*entry->items[1], width);
    if (step == nullptr) return nullptr;
    width = step->traits().TransformWidth();
    steps.push_back(std::move(step));
  }
  if (steps.empty()) {
    const std::size_t inputs = fitted.Inputs();
    return fitted.ok() ? MakeIdentity(inputs) : nullptr;
  }
  if (steps.size() == 1) return std::move(steps.front());
  Traits traits = TraitsOf(steps);
  return std::make_unique<PipelineOperator>(std::move(traits), std::move(steps));
}

}  // namespace

std::span<const RegistryEntry> Pipelines() {
  static constexpr RegistryEntry kEntries[] = {{"sklearn.pipeline.Pipeline", ReadPipeline}};
  return kEntries;
}

}  // namespace plinth::sklearn
