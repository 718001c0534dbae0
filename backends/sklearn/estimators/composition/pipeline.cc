// Pipeline: transformers one behind the other, and an estimator at the end.
#include <algorithm>
#include <utility>

#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

class PipelineOperator final : public BatchEstimator {
 public:
  PipelineOperator(Traits traits, std::vector<EstimatorPtr> steps)
      : BatchEstimator(std::move(traits)), steps_(std::move(steps)) {}

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

// What the columns hold that `step` is given, when `taken` is how the step behind it takes what it
// gives. Fails where these two do not fit.
std::vector<ColumnType> TypesBefore(Fitted& fitted, const Traits& step,
                                    const std::vector<ColumnType>& taken) {
  std::vector<ColumnType> types(step.inputs);
  for (std::size_t j = 0; j < step.inputs; ++j) types[j] = step.InputType(j);
  for (std::size_t j = 0; j < taken.size(); ++j) {
    const ColumnType given = step.OutputType(j);
    const bool decides = taken[j] == ColumnType::kNumber || taken[j] == ColumnType::kText;
    if (!decides) continue;
    if (given == ColumnType::kAny) {
      ColumnType& origin = types[step.origins[j]];
      if (origin == ColumnType::kAny) origin = taken[j];
    } else if (given != taken[j]) {
      const bool text = given == ColumnType::kText;
      fitted.Fail(step.name + " gives " + (text ? "strings" : "numbers") + " in column " +
                  std::to_string(j) + ", where the next step takes " +
                  (text ? "numbers" : "strings"));
    }
  }
  return types;
}

// What the columns hold that go into the pipeline, and those that come out of it.
void ConnectColumns(Fitted& fitted, const std::vector<EstimatorPtr>& steps, Traits& traits) {
  std::vector<ColumnType> taken;
  for (std::size_t k = steps.size(); k-- > 0;) {
    taken = TypesBefore(fitted, steps[k]->traits(), taken);
  }
  traits.input_types = std::move(taken);
  for (std::size_t j = 0; j < traits.output_types.size(); ++j) {
    for (std::size_t k = steps.size() - 1; k-- > 0;) {
      if (traits.output_types[j] != ColumnType::kAny) break;
      const Traits& step = steps[k]->traits();
      const std::size_t column = traits.origins[j];
      traits.output_types[j] = step.OutputType(column);
      traits.origins[j] = step.origins.empty() ? 0 : step.origins[column];
    }
  }
}

Traits TraitsOf(Fitted& fitted, const std::vector<EstimatorPtr>& steps) {
  Traits traits = steps.back()->traits();
  const Traits& first = steps.front()->traits();
  traits.inputs = first.inputs;
  traits.names = first.names;
  traits.takes_sparse = first.takes_sparse;
  for (const EstimatorPtr& step : steps) {
    traits.widest = std::max(traits.widest, step->traits().widest);
    traits.joint |= step->traits().joint;
  }
  ConnectColumns(fitted, steps, traits);
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
  Traits traits = TraitsOf(fitted, steps);
  if (!fitted.ok()) return nullptr;
  return std::make_unique<PipelineOperator>(std::move(traits), std::move(steps));
}

}  // namespace

std::span<const RegistryEntry> Pipelines() {
  static constexpr RegistryEntry kEntries[] = {{"sklearn.pipeline.Pipeline", ReadPipeline}};
  return kEntries;
}

}  // namespace plinth::sklearn
