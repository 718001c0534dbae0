// QuadraticDiscriminantAnalysis: a Gaussian with a full covariance for each class.
#include <algorithm>
#include <cmath>
#include <utility>

#include "estimators/families.h"
#include "estimators/naive_bayes/likelihood.h"

namespace plinth::sklearn {
namespace {

// A class: log P(x, c) = constant - |whitening (x - mean)|^2 / 2.
struct Gaussian {
  std::vector<double> mean;       // inputs
  std::vector<double> whitening;  // rank x inputs
  std::size_t rank = 0;
  double constant = 0;
};

class QuadraticDiscriminant final : public Estimator {
 public:
  QuadraticDiscriminant(Traits traits, std::vector<Gaussian> classes, std::size_t rank)
      : Estimator(std::move(traits)),
        classes_(std::move(classes)),
        zeros_(rank, 0.0),
        rank_(rank) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    const std::size_t classes = classes_.size();
    Scratch::Frame frame(scratch);
    double* joint = frame.Take<double>(rows.count * classes);
    double* centred = frame.Take<double>(rows.count * rows.width);
    double* white = frame.Take<double>(rows.count * rank_);
    for (std::size_t c = 0; c < classes; ++c) {
      LogLikelihoods(rows, classes_[c], centred, white, joint + c);
    }
    AnswerLikelihoods(joint, rows.count, classes, out);
    if (out.decision == nullptr) return {};
    if (classes != 2) {
      std::copy_n(joint, rows.count * classes, out.decision);
    } else {
      for (std::size_t i = 0; i < rows.count; ++i) {
        out.decision[i] = joint[2 * i + 1] - joint[2 * i];
      }
    }
    return {};
  }

 private:
  // Row i's to joint[i * classes].
  void LogLikelihoods(Rows rows, const Gaussian& gaussian, double* centred, double* white,
                      double* joint) const {
    for (std::size_t i = 0; i < rows.count; ++i) {
      for (std::size_t j = 0; j < rows.width; ++j) {
        centred[i * rows.width + j] = rows.row(i)[j] - gaussian.mean[j];
      }
    }
    rows.data = centred;
    Affine(rows, gaussian.whitening.data(), zeros_.data(), gaussian.rank, white);
    for (std::size_t i = 0; i < rows.count; ++i) {
      const double* of_row = white + i * gaussian.rank;
      joint[i * classes_.size()] = gaussian.constant - 0.5 * Dot(of_row, of_row, gaussian.rank);
    }
  }

  std::vector<Gaussian> classes_;
  std::vector<double> zeros_;  // `rank_` of them
  std::size_t rank_;           // the largest of all
};

// One of rotations_, [inputs, rank], and of scalings_, the variances along its columns.
Gaussian ReadGaussian(Fitted& fitted, const Value& rotation, const Value& scaling, double prior) {
  const Matrix axes = fitted.ReadMatrix(rotation, "rotations_");
  const Matrix variances = fitted.ReadMatrix(scaling, "scalings_");
  Gaussian gaussian;
  if (fitted.ok() && (axes.columns != variances.data.size() || axes.is_vector)) {
    fitted.Fail("'rotations_' and 'scalings_' do not agree");
  }
  if (!fitted.ok()) return gaussian;
  gaussian.rank = axes.columns;
  gaussian.whitening.resize(axes.data.size());
  double logs = 0;
  for (std::size_t k = 0; k < axes.columns; ++k) {
    logs += std::log(variances.data[k]);
    const double scale = std::pow(variances.data[k], -0.5);
    for (std::size_t j = 0; j < axes.rows; ++j) {
      gaussian.whitening[k * axes.rows + j] = axes.data[j * axes.columns + k] * scale;
    }
  }
  gaussian.constant = std::log(prior) - 0.5 * logs;
  return gaussian;
}

EstimatorPtr ReadQuadraticDiscriminant(Fitted& fitted) {
  Classes classes = fitted.ReadClasses();
  const Matrix means = fitted.ReadMatrix("means_");
  const std::size_t inputs = fitted.Inputs(means.columns);
  const std::vector<double> priors = fitted.Vector("priors_", classes.size());
  const Value* rotations = fitted.Require("rotations_");
  const Value* scalings = fitted.Require("scalings_");
  if (!fitted.ok()) return nullptr;
  if (means.rows != classes.size() || !rotations->IsSequence() || !scalings->IsSequence() ||
      rotations->items.size() != classes.size() || scalings->items.size() != classes.size()) {
    fitted.Fail("'means_', 'rotations_' and 'scalings_' do not have a part for each class");
    return nullptr;
  }
  std::vector<Gaussian> gaussians;
  std::size_t rank = 0;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    Gaussian gaussian = ReadGaussian(fitted, *rotations->items[c], *scalings->items[c], priors[c]);
    if (fitted.ok() && gaussian.whitening.size() != gaussian.rank * inputs) {
      fitted.FailFor("rotations_", "are for another number of features");
    }
    if (!fitted.ok()) return nullptr;
    gaussian.mean.assign(means.data.begin() + static_cast<std::ptrdiff_t>(c * inputs),
                         means.data.begin() + static_cast<std::ptrdiff_t>((c + 1) * inputs));
    rank = std::max(rank, gaussian.rank);
    gaussians.push_back(std::move(gaussian));
  }
  Traits traits = fitted.MakeTraits(Role::kClassifier, inputs);
  traits.probabilities = true;
  traits.logarithms = fitted.VersionAtLeast(1, 6);
  traits.decision_width = classes.size() == 2 ? 1 : classes.size();
  traits.widest = std::max(inputs, rank);
  traits.classes = std::move(classes);
  return std::make_unique<QuadraticDiscriminant>(std::move(traits), std::move(gaussians), rank);
}

}  // namespace

std::span<const RegistryEntry> QuadraticDiscriminants() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis", ReadQuadraticDiscriminant}};
  return kEntries;
}

}  // namespace plinth::sklearn
