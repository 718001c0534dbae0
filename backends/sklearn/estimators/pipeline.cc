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
    Scratch::Frame frame(scratch);
    for (std::size_t i = 0; i + 1 < steps_.size(); ++i) {
      const std::size_t width = steps_[i]->traits().outputs;
      double* values = frame.Take<double>(rows.count * width);
      if (Status status = steps_[i]->Run(rows, Outputs{.values = values}, scratch); !status) {
        return status;
      }
      rows = Rows{values, rows.count, width, rows.first};
    }
    return steps_.back()->Run(rows, out, scratch);
  }

 private:
  std::vector<EstimatorPtr> steps_;  // at least one; all but the last are transformers
};

bool IsPassthrough(const Value& step) {
  return step.IsNone() || (step.IsText() && step.text == "passthrough");
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
    if (!steps.empty() && steps.back()->traits().role != Role::kTransformer) {
      fitted.Fail(steps.back()->traits().name + " is not the last step, but transforms nothing");
      return nullptr;
    }
    if (steps.empty()) width = fitted.GivenWidth();
    EstimatorPtr step = fitted.Child(*entry->items[1], width);
    if (step == nullptr) return nullptr;
    width = step->traits().outputs;
    steps.push_back(std::move(step));
  }
  if (steps.empty()) {
    const std::size_t inputs = fitted.Inputs();
    return fitted.ok() ? MakeIdentity(inputs) : nullptr;
  }
  if (steps.size() == 1) return std::move(steps.front());
  Traits traits = steps.back()->traits();
  traits.inputs = steps.front()->traits().inputs;
  for (const EstimatorPtr& step : steps) {
    traits.widest = std::max(traits.widest, step->traits().widest);
  }
  return std::make_unique<PipelineOperator>(std::move(traits), std::move(steps));
}

}  // namespace

std::span<const RegistryEntry> Pipelines() {
  static constexpr RegistryEntry kEntries[] = {{"sklearn.pipeline.Pipeline", ReadPipeline}};
  return kEntries;
}

}  // namespace plinth::sklearn
