// GaussianNB: every feature of a class has a mean and a variance of its own.
#include <cmath>
#include <numbers>
#include <utility>

#include "estimators/families.h"
#include "estimators/naive_bayes/likelihood.h"

namespace plinth::sklearn {
namespace {

// log P(x, c) = constant[c] - sum over features of (x - mean)^2 * precision, where
// precision = 1 / (2 variance).
struct GaussianState {
  std::vector<double> mean;       // classes x inputs
  std::vector<double> precision;  // classes x inputs
  std::vector<double> constant;   // a class
};

class GaussianNaiveBayes final : public Estimator {
 public:
  GaussianNaiveBayes(Traits traits, GaussianState state)
      : Estimator(std::move(traits)), state_(std::move(state)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    const std::size_t classes = state_.constant.size();
    Scratch::Frame frame(scratch);
    double* joint = frame.Take<double>(rows.count * classes);
    for (std::size_t i = 0; i < rows.count; ++i) {
      for (std::size_t c = 0; c < classes; ++c) {
        joint[i * classes + c] = state_.constant[c] - WeightedDistance(rows.row(i), c);
      }
    }
    AnswerLikelihoods(joint, rows.count, classes, out);
    return {};
  }

 private:
  double WeightedDistance(const double* row, std::size_t c) const {
    constexpr std::size_t kLanes = 4;
    const std::size_t inputs = traits().inputs;
    const double* mean = &state_.mean[c * inputs];
    const double* precision = &state_.precision[c * inputs];
    double lanes[kLanes] = {};
    std::size_t j = 0;
    for (; j + kLanes <= inputs; j += kLanes) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        const double difference = row[j + lane] - mean[j + lane];
        lanes[lane] += difference * difference * precision[j + lane];
      }
    }
    double sum = (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
    for (; j < inputs; ++j) sum += (row[j] - mean[j]) * (row[j] - mean[j]) * precision[j];
    return sum;
  }

  GaussianState state_;
};

EstimatorPtr ReadGaussianNb(Fitted& fitted) {
  Matrix mean = fitted.ReadMatrix("theta_");
  Classes classes = fitted.ReadClasses();
  const std::size_t inputs = fitted.Inputs(mean.columns);
  const std::vector<double> prior = fitted.Vector("class_prior_", classes.size());
  // The variances were called sigma_ before 1.0.
  const std::vector<double> variance =
      fitted.Vector(fitted.Has("var_") ? "var_" : "sigma_", classes.size() * inputs);
  if (fitted.ok() && mean.rows != classes.size()) {
    fitted.Fail("'theta_' has " + std::to_string(mean.rows) + " rows for " +
                std::to_string(classes.size()) + " classes");
  }
  if (!fitted.ok()) return nullptr;
  GaussianState state{std::move(mean.data), std::vector<double>(variance.size()),
                      std::vector<double>(prior.size())};
  for (std::size_t c = 0; c < prior.size(); ++c) {
    double logs = 0;
    for (std::size_t j = c * inputs; j < (c + 1) * inputs; ++j) {
      logs += std::log(2.0 * std::numbers::pi * variance[j]);
      state.precision[j] = 0.5 / variance[j];
    }
    state.constant[c] = std::log(prior[c]) - 0.5 * logs;
  }
  Traits traits = fitted.MakeTraits(Role::kClassifier, inputs);
  traits.probabilities = traits.logarithms = true;
  traits.classes = std::move(classes);
  return std::make_unique<GaussianNaiveBayes>(std::move(traits), std::move(state));
}

}  // namespace

std::span<const RegistryEntry> GaussianNaiveBayesFamily() {
  static constexpr RegistryEntry kEntries[] = {{"sklearn.naive_bayes.GaussianNB", ReadGaussianNb}};
  return kEntries;
}

}  // namespace plinth::sklearn
