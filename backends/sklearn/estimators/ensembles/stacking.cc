// Stacking*: the answers of members, side by side, are what a last estimator is given.
#include <algorithm>
#include <numeric>
#include <utility>

#include "estimators/ensembles/members.h"
#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

enum class Method : std::uint8_t { kPredict, kProbabilities, kDecision };

// What of a member's answers is passed on.
struct Layer {
  Method method = Method::kPredict;
  std::size_t width = 0;          // of its answer
  std::vector<std::size_t> kept;  // columns of it
};

class Stack final : public BatchEstimator {
 public:
  // `passthrough`: X itself stands behind the answers.
  Stack(Traits traits, std::vector<EstimatorPtr> members, std::vector<Layer> layers,
        EstimatorPtr last, bool passthrough)
      : BatchEstimator(std::move(traits)),
        members_(std::move(members)),
        layers_(std::move(layers)),
        last_(std::move(last)),
        passthrough_(passthrough) {}

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const std::size_t width = traits().transform_width;
    double* answers = out.transformed ? out.transformed : frame.Take<double>(batch.count() * width);
    if (Status status = Collect(batch, answers, scratch); !status) return status;
    if (!out.labels && !out.probabilities && !out.decision && !out.values) return {};
    const Batch seen(Rows{answers, batch.count(), width, batch.first()});
    Outputs to = out;
    to.transformed = nullptr;
    // Of several targets: the probability of the first class of each.
    const bool several = out.probabilities && !traits().targets.empty();
    if (several) {
      const std::size_t all = last_->traits().ProbabilityWidth();
      to.probabilities = frame.Take<double>(batch.count() * all);
    }
    if (Status status = last_->RunBatch(seen, to, scratch); !status) return status;
    if (several) TakeFirsts(to.probabilities, batch.count(), out.probabilities);
    return {};
  }

 private:
  // What the last estimator is given, [n, transform_width].
  Status Collect(const Batch& batch, double* answers, Scratch& scratch) const;
  void TakeFirsts(const double* probabilities, std::size_t rows, double* to) const;

  std::vector<EstimatorPtr> members_;
  std::vector<Layer> layers_;  // one a member
  EstimatorPtr last_;
  bool passthrough_;
};

double NumberOf(const Classes& classes, std::int32_t label) {
  const auto i = static_cast<std::size_t>(label);
  return classes.type == Classes::Type::kInts ? static_cast<double>(classes.ints[i])
                                              : classes.floats[i];
}

// What a member answers, [n, layer.width], in the frame's memory.
Result<const double*> Answer(const Estimator& member, const Layer& layer, const Batch& batch,
                             Scratch::Frame& frame) {
  const Traits& traits = member.traits();
  const std::size_t count = batch.count() * layer.width;
  double* numbers = frame.Take<double>(count);
  Outputs to;
  if (layer.method == Method::kProbabilities) to.probabilities = numbers;
  if (layer.method == Method::kDecision) to.decision = numbers;
  const bool labels = layer.method == Method::kPredict && traits.role != Role::kRegressor;
  if (labels) to.labels = frame.Take<std::int32_t>(count);
  if (layer.method == Method::kPredict && !labels) to.values = numbers;
  if (Status status = member.RunBatch(batch, to, frame.scratch()); !status) {
    return Fail(std::move(status.error()));
  }
  for (std::size_t i = 0; labels && i < count; ++i) {
    const Classes& classes =
        traits.targets.empty() ? traits.classes : traits.targets[i % layer.width];
    numbers[i] = NumberOf(classes, to.labels[i]);
  }
  return numbers;
}

Status Stack::Collect(const Batch& batch, double* answers, Scratch& scratch) const {
  const std::size_t width = traits().transform_width;
  std::size_t at = 0;
  for (std::size_t m = 0; m < members_.size(); ++m) {
    Scratch::Frame frame(scratch);
    const Layer& layer = layers_[m];
    const auto numbers = Answer(*members_[m], layer, batch, frame);
    if (!numbers) return Fail(numbers.error());
    for (std::size_t row = 0; row < batch.count(); ++row) {
      double* to = answers + row * width + at;
      for (std::size_t column : layer.kept) *to++ = (*numbers)[row * layer.width + column];
    }
    at += layer.kept.size();
  }
  if (!passthrough_) return {};
  Scratch::Frame frame(scratch);
  const Result<Rows> rows = ToDense(batch, frame);
  if (!rows) return Fail(rows.error());
  for (std::size_t row = 0; row < rows->count; ++row) {
    std::copy_n(rows->row(row), rows->width, answers + row * width + at);
  }
  return {};
}

void Stack::TakeFirsts(const double* probabilities, std::size_t rows, double* to) const {
  for (std::size_t row = 0; row < rows; ++row) {
    for (const Classes& target : last_->traits().targets) {
      *to++ = *probabilities;
      probabilities += target.size();
    }
  }
}

// Of probabilities, what follows from the others is left out: the first class of two, and of each
// target where there are several. `classes` is len(classes_) of the stack, 0 for
// a regressor.
std::vector<std::size_t> KeptOf(const Traits& traits, const Layer& layer, std::size_t classes) {
  std::vector<std::size_t> kept;
  if (layer.method == Method::kProbabilities && !traits.targets.empty() &&
      !traits.indicator_probabilities) {
    std::size_t at = 0;
    for (const Classes& target : traits.targets) {
      for (std::size_t k = 1; k < target.size(); ++k) kept.push_back(at + k);
      at += target.size();
    }
    return kept;
  }
  kept.resize(layer.width);
  std::iota(kept.begin(), kept.end(), 0);
  const bool two = layer.method == Method::kProbabilities && classes == 2 && layer.width > 1;
  if (two) kept.erase(kept.begin());
  return kept;
}

// Fails if the member has no such method.
Layer ReadLayer(Fitted& fitted, const Value& method, const Traits& member, std::size_t classes) {
  const std::string_view name = method.IsText() ? method.text : "";
  const bool texts = member.classes.type == Classes::Type::kStrings;
  Layer layer;
  if (name == "predict_proba" && member.probabilities) {
    layer.method = Method::kProbabilities;
    layer.width = member.ProbabilityWidth();
  } else if (name == "decision_function" && member.decision_width > 0) {
    layer.method = Method::kDecision;
    layer.width = member.decision_width;
  } else if (name == "predict" && member.role == Role::kRegressor) {
    layer.width = member.outputs;
  } else if (name == "predict" && member.role != Role::kTransformer && !texts) {
    layer.width = member.LabelWidth();
  } else {
    fitted.Fail(member.name + " in it has no method '" + std::string(name) +
                "' that gives numbers");
  }
  layer.kept = KeptOf(member, layer, classes);
  return layer;
}

// What of the last estimator's answers is that of the stack. Fails if it does not go with the
// classes that the stack knows.
void DescribeAnswers(Fitted& fitted, const Traits& last, Traits& traits) {
  traits.outputs = last.outputs;
  traits.flat = last.flat;
  traits.probabilities = last.probabilities;
  traits.decision_width = last.decision_width;
  bool fits = last.role == traits.role && last.targets.size() == traits.targets.size();
  if (traits.role == Role::kClassifier) {
    // It was trained on the classes' numbers.
    fits = fits && last.classes.size() == traits.classes.size();
    if (fits && traits.targets.empty()) ClassNumbers(fitted, last, traits.classes.size());
    for (std::size_t i = 0; fits && i < traits.targets.size(); ++i) {
      fits = last.targets[i].size() == 2 && traits.targets[i].size() == 2;
    }
  }
  // scikit-learn takes the first column of each target's probabilities, and fails where there is
  // one column for all of them.
  if (last.indicator_probabilities) traits.probabilities = false;
  traits.indicator_probabilities = !traits.targets.empty();
  if (!fits) fitted.Fail("its last estimator (" + last.name + ") is for other classes or targets");
}

EstimatorPtr Read(Fitted& fitted, Role role) {
  std::vector<EstimatorPtr> members = ReadMembers(fitted, "estimators_", fitted.GivenWidth());
  const Value* methods = fitted.Require("stack_method_");
  const bool passthrough = fitted.Flag("passthrough", false);
  const Value* last_value = fitted.Require("final_estimator_");
  if (fitted.ok() && (!methods->IsSequence() || methods->items.size() != members.size())) {
    fitted.Fail("'stack_method_' does not go with 'estimators_'");
  }
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(role, members.front()->traits().inputs);
  DescribeInputs(fitted, members, traits);
  if (role == Role::kClassifier) fitted.ReadClasses(traits);
  const std::size_t classes =
      traits.targets.empty() ? traits.classes.size() : traits.targets.size();
  std::vector<Layer> layers;
  for (std::size_t m = 0; fitted.ok() && m < members.size(); ++m) {
    layers.push_back(ReadLayer(fitted, *methods->items[m], members[m]->traits(), classes));
    traits.transform_width += layers.back().kept.size();
  }
  if (passthrough) traits.transform_width += traits.inputs;
  EstimatorPtr last = fitted.Child(*last_value, traits.transform_width);
  if (!fitted.ok()) return nullptr;
  DescribeAnswers(fitted, last->traits(), traits);
  if (!fitted.ok()) return nullptr;
  traits.widest = std::max(traits.widest, last->traits().widest);
  return std::make_unique<Stack>(std::move(traits), std::move(members), std::move(layers),
                                 std::move(last), passthrough);
}

EstimatorPtr ReadClassifier(Fitted& fitted) { return Read(fitted, Role::kClassifier); }
EstimatorPtr ReadRegressor(Fitted& fitted) { return Read(fitted, Role::kRegressor); }

}  // namespace

std::span<const RegistryEntry> Stacks() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.ensemble.StackingClassifier", ReadClassifier},
      {"sklearn.ensemble.StackingRegressor", ReadRegressor},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
