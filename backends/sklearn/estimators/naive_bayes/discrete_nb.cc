// The naive Bayes classifiers whose log-likelihoods are linear in the counts of the features:
// MultinomialNB, ComplementNB and BernoulliNB.
#include <cmath>
#include <optional>
#include <utility>

#include "estimators/families.h"
#include "estimators/linear/linear_state.h"
#include "estimators/naive_bayes/likelihood.h"

namespace plinth::sklearn {
namespace {

class LinearNaiveBayes final : public Estimator {
 public:
  // `threshold`: features are 1 above it and 0 else. Below 0 it is not for sparse rows, whose zeros
  // are not written.
  LinearNaiveBayes(Traits traits, LinearState state, std::optional<double> threshold)
      : Estimator(std::move(traits)), state_(std::move(state)), threshold_(threshold) {}

  Status RunSparse(const SparseRows& given, const Outputs& out, Scratch& scratch) const override {
    if (!traits().takes_sparse) return Estimator::RunSparse(given, out, scratch);
    SparseRows rows = given;
    if (Status finite = CheckFinite(rows); !finite) return finite;
    Scratch::Frame frame(scratch);
    if (threshold_) {
      const std::size_t end = rows.starts[rows.count];
      rows.values = Binary(rows.values, end, frame);
    }
    double* joint = frame.Take<double>(rows.count * state_.outputs);
    Affine(rows, state_.weights.data(), state_.bias.data(), state_.outputs, joint);
    AnswerLikelihoods(joint, rows.count, state_.outputs, out);
    return {};
  }

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    Scratch::Frame frame(scratch);
    if (threshold_) rows.data = Binary(rows.data, rows.count * rows.width, frame);
    double* joint = frame.Take<double>(rows.count * state_.outputs);
    Affine(rows, state_.weights.data(), state_.bias.data(), state_.outputs, joint);
    AnswerLikelihoods(joint, rows.count, state_.outputs, out);
    return {};
  }

 private:
  const double* Binary(const double* values, std::size_t count, Scratch::Frame& frame) const {
    double* binary = frame.Take<double>(count);
    for (std::size_t i = 0; i < count; ++i) binary[i] = values[i] > *threshold_ ? 1.0 : 0.0;
    return binary;
  }

  LinearState state_;
  std::optional<double> threshold_;
};

// feature_log_prob_, with the classes' priors as bias.
LinearState ReadLogProbabilities(Fitted& fitted, const Classes& classes) {
  Matrix weights = fitted.ReadMatrix("feature_log_prob_");
  LinearState state;
  state.inputs = fitted.Inputs(weights.columns);
  state.outputs = classes.size();
  state.bias = fitted.Vector("class_log_prior_", classes.size());
  if (fitted.ok() && weights.rows != classes.size()) {
    fitted.Fail("'feature_log_prob_' has " + std::to_string(weights.rows) + " rows for " +
                std::to_string(classes.size()) + " classes");
  }
  state.weights = std::move(weights.data);
  return state;
}

EstimatorPtr Make(Fitted& fitted, Classes classes, LinearState state,
                  std::optional<double> threshold = {}) {
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kClassifier, state.inputs);
  traits.probabilities = traits.logarithms = true;
  traits.takes_sparse = !threshold || *threshold >= 0;
  traits.classes = std::move(classes);
  return std::make_unique<LinearNaiveBayes>(std::move(traits), std::move(state), threshold);
}

EstimatorPtr ReadMultinomialNb(Fitted& fitted) {
  Classes classes = fitted.ReadClasses();
  LinearState state = ReadLogProbabilities(fitted, classes);
  return Make(fitted, std::move(classes), std::move(state));
}

// The complement of a class tells nothing of the class's own prior: it is used for a single class
// only.
EstimatorPtr ReadComplementNb(Fitted& fitted) {
  Classes classes = fitted.ReadClasses();
  LinearState state = ReadLogProbabilities(fitted, classes);
  if (classes.size() > 1) state.bias.assign(classes.size(), 0.0);
  return Make(fitted, std::move(classes), std::move(state));
}

// A feature that is absent counts too: log(1 - p) for each, and the difference to log p for those
// that are there.
EstimatorPtr ReadBernoulliNb(Fitted& fitted) {
  Classes classes = fitted.ReadClasses();
  LinearState state = ReadLogProbabilities(fitted, classes);
  std::optional<double> threshold;
  if (fitted.Has("binarize")) threshold = fitted.Number("binarize", 0);
  if (!fitted.ok()) return nullptr;
  for (std::size_t c = 0; c < state.outputs; ++c) {
    double absent_sum = 0;
    for (std::size_t j = c * state.inputs; j < (c + 1) * state.inputs; ++j) {
      const double absent = std::log(1 - std::exp(state.weights[j]));
      state.weights[j] -= absent;
      absent_sum += absent;
    }
    state.bias[c] += absent_sum;
  }
  return Make(fitted, std::move(classes), std::move(state), threshold);
}

}  // namespace

std::span<const RegistryEntry> DiscreteNaiveBayes() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.naive_bayes.BernoulliNB", ReadBernoulliNb},
      {"sklearn.naive_bayes.ComplementNB", ReadComplementNb},
      {"sklearn.naive_bayes.MultinomialNB", ReadMultinomialNb},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
