// DummyClassifier and DummyRegressor: the same answer for every row. Gradient boosting starts from
// them.
#include <algorithm>
#include <utility>

#include "estimators/families.h"

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

class ConstantClassifier final : public Estimator {
 public:
  ConstantClassifier(Traits traits, std::int32_t label, std::vector<double> probabilities)
      : Estimator(std::move(traits)), label_(label), probabilities_(std::move(probabilities)) {}

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    for (std::size_t i = 0; i < rows.count; ++i) {
      if (out.labels) out.labels[i] = label_;
      if (out.probabilities) {
        std::ranges::copy(probabilities_, out.probabilities + i * probabilities_.size());
      }
    }
    return {};
  }

 private:
  std::int32_t label_;
  std::vector<double> probabilities_;
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

EstimatorPtr ReadDummyClassifier(Fitted& fitted) {
  const std::size_t inputs = fitted.Inputs();
  const std::string_view strategy = fitted.Text("strategy", "prior");
  Classes classes = fitted.ReadClasses();
  std::vector<double> prior = fitted.Vector("class_prior_", classes.size());
  if (strategy != "prior" && strategy != "most_frequent") {
    fitted.Fail("strategy '" + std::string(strategy) +
                "' is not supported; prior and most_frequent are");
  }
  if (!fitted.ok()) return nullptr;
  const std::size_t label = ArgMax(prior.data(), prior.size());
  if (strategy == "most_frequent") {
    std::ranges::fill(prior, 0.0);
    prior[label] = 1.0;
  }
  Traits traits = fitted.MakeTraits(Role::kClassifier, inputs);
  traits.probabilities = true;
  traits.classes = std::move(classes);
  return std::make_unique<ConstantClassifier>(std::move(traits), static_cast<std::int32_t>(label),
                                              std::move(prior));
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
