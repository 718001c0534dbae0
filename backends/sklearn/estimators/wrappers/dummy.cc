// DummyClassifier and DummyRegressor: the same answer for every row. Gradient boosting starts from
// them.
#include <algorithm>
#include <utility>

#include "estimators/families.h"
#include "estimators/labels.h"

namespace plinth::sklearn {
namespace {

// Dummies do not look at X, not even for NaN.
class ConstantRegressor final : public Estimator {
 public:
  ConstantRegressor(Traits traits, std::vector<double> values)
      : Estimator(std::move(traits)), values_(std::move(values)) {}

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    if (out.values == nullptr) return {};
    for (std::size_t i = 0; i < rows.count; ++i) {
      std::ranges::copy(values_, out.values + i * values_.size());
    }
    return {};
  }

 private:
  std::vector<double> values_;
};

// What it answers for one target.
struct ConstantTarget {
  std::int32_t label = 0;
  std::vector<double> probabilities;
};

class ConstantClassifier final : public Estimator {
 public:
  ConstantClassifier(Traits traits, const std::vector<ConstantTarget>& targets)
      : Estimator(std::move(traits)) {
    for (const ConstantTarget& target : targets) {
      labels_.push_back(target.label);
      probabilities_.insert(probabilities_.end(), target.probabilities.begin(),
                            target.probabilities.end());
    }
  }

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    for (std::size_t i = 0; i < rows.count; ++i) {
      if (out.labels) std::ranges::copy(labels_, out.labels + i * labels_.size());
      if (out.probabilities) {
        std::ranges::copy(probabilities_, out.probabilities + i * probabilities_.size());
      }
    }
    return {};
  }

 private:
  std::vector<std::int32_t> labels_;   // one a target
  std::vector<double> probabilities_;  // of all targets, side by side
};

EstimatorPtr ReadDummyRegressor(Fitted& fitted) {
  const std::size_t inputs = fitted.Inputs();
  std::vector<double> constant = fitted.Vector("constant_");
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kRegressor, inputs);
  traits.outputs = constant.size();
  traits.flat = constant.size() == 1;
  return std::make_unique<ConstantRegressor>(std::move(traits), std::move(constant));
}

// The answer for target k; `prior` is how often its classes were seen.
ConstantTarget ReadTarget(Fitted& fitted, const Classes& classes, std::vector<double> prior,
                          std::size_t k) {
  const std::string_view strategy = fitted.Text("strategy", "prior");
  if (fitted.ok() && prior.size() != classes.size()) {
    fitted.FailFor("class_prior_", "does not have a number for each class");
  }
  if (!fitted.ok()) return {};
  std::size_t label = ArgMax(prior.data(), prior.size());
  if (strategy == "constant") {
    const Value* constant = fitted.Require("constant");
    const Classes labels = constant ? ReadLabels(fitted, *constant, "constant") : Classes{};
    const auto found = k < labels.size() ? IndexOf(classes, labels, k) : std::nullopt;
    if (!found) fitted.FailFor("constant", "is not one of the classes");
    label = found.value_or(0);
  } else if (strategy == "stratified" || strategy == "uniform") {
    fitted.Fail("strategy '" + std::string(strategy) +
                "' answers at random, so no answer could be checked; fit it with prior, "
                "most_frequent or constant");
  } else if (strategy != "prior" && strategy != "most_frequent") {
    fitted.Fail("strategy '" + std::string(strategy.substr(0, 40)) + "' is not known");
  }
  if (strategy != "prior") {
    std::ranges::fill(prior, 0.0);
    prior[label] = 1.0;
  }
  return {static_cast<std::int32_t>(label), std::move(prior)};
}

EstimatorPtr ReadDummyClassifier(Fitted& fitted) {
  Traits traits = fitted.MakeTraits(Role::kClassifier, fitted.Inputs());
  traits.probabilities = true;
  fitted.ReadClasses(traits);
  const Value* priors = fitted.Require("class_prior_");
  if (!fitted.ok()) return nullptr;
  std::vector<ConstantTarget> answers;
  if (traits.targets.empty()) {
    const Value& prior =
        priors->Is(Kind::kList) && priors->items.size() == 1 ? *priors->items[0] : *priors;
    answers.push_back(
        ReadTarget(fitted, traits.classes, fitted.ReadMatrix(prior, "class_prior_").data, 0));
  } else if (!priors->IsSequence() || priors->items.size() != traits.targets.size()) {
    fitted.FailFor("class_prior_", "does not have an array for each target");
  } else {
    for (std::size_t k = 0; k < traits.targets.size(); ++k) {
      std::vector<double> prior = fitted.ReadMatrix(*priors->items[k], "class_prior_").data;
      answers.push_back(ReadTarget(fitted, traits.targets[k], std::move(prior), k));
    }
  }
  if (!fitted.ok()) return nullptr;
  return std::make_unique<ConstantClassifier>(std::move(traits), answers);
}

}  // namespace

std::span<const RegistryEntry> Dummies() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.dummy.DummyClassifier", ReadDummyClassifier},
      {"sklearn.dummy.DummyRegressor", ReadDummyRegressor},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
