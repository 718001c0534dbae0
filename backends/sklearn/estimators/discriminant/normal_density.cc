#include "estimators/discriminant/normal_density.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "numeric/panels.h"
#include "numeric/products.h"

namespace plinth::sklearn {
namespace {

// Below this share of the largest variance the inverse of a covariance is rounding errors.
constexpr double kLeastVariance = 1e-12;

class ScoredDecomposition final : public Estimator {
 public:
  ScoredDecomposition(Traits traits, EstimatorPtr decomposition, NormalDensity density)
      : Estimator(std::move(traits)),
        decomposition_(std::move(decomposition)),
        directions_(density.directions.data.data(), density.directions.rows,
                    density.directions.columns),
        density_(std::move(density)) {
    density_.directions.data = {};
  }

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    Status status = decomposition_->Run(rows, Outputs{.values = out.values}, scratch);
    if (status && out.scores) Score(rows, out.scores, scratch);
    return status;
  }

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    if (out.scores) return Estimator::RunBatch(batch, out, scratch);
    return decomposition_->RunBatch(batch, out, scratch);
  }

 private:
  void Score(Rows rows, double* scores, Scratch& scratch) const {
    Scratch::Frame frame(scratch);
    const std::size_t ranks = density_.weights.size();
    double* centred = frame.Take<double>(rows.count * rows.width);
    double* along = frame.Take<double>(rows.count * ranks);
    for (std::size_t i = 0; i < rows.count; ++i) {
      for (std::size_t j = 0; j < rows.width; ++j) {
        centred[i * rows.width + j] = rows.row(i)[j] - density_.mean[j];
      }
    }
    InnerProducts(Rows{centred, rows.count, rows.width, rows.first}, directions_,
                  AllOf(directions_), along);
    for (std::size_t i = 0; i < rows.count; ++i) {
      double distance = 0;
      for (std::size_t j = 0; j < rows.width; ++j) {
        const double d = centred[i * rows.width + j];
        distance += density_.precision[j] * d * d;
      }
      for (std::size_t k = 0; k < ranks; ++k) {
        const double d = along[i * ranks + k];
        distance += density_.weights[k] * d * d;
      }
      scores[i] = density_.log_norm - 0.5 * distance;
    }
  }

  EstimatorPtr decomposition_;
  Panels directions_;
  NormalDensity density_;  // its directions are in the panels
};

}  // namespace

PcaDensity ReadPcaDensity(Fitted& fitted, const Matrix& components, std::vector<double> mean) {
  const std::vector<double> explained = fitted.Vector("explained_variance_", components.rows);
  const double noise = fitted.Number("noise_variance_", 0);
  const bool whiten = fitted.Flag("whiten", false);
  if (!fitted.ok()) return {};
  const std::size_t inputs = components.columns;
  const bool full = components.rows >= inputs;
  PcaDensity result;
  NormalDensity& density = result.density;
  // Components are orthonormal, so the variance along one is a number of its own. (That it is
  // multiplied once more where PCA whitens is scikit-learn's doing.)
  std::vector<double> variances;
  for (double variance : explained) {
    const double beyond = std::max(variance - noise, 0.0);
    variances.push_back((whiten ? variance * beyond : beyond) + noise);
  }
  if (!full) variances.push_back(noise);
  const auto [least, most] = std::ranges::minmax(variances);
  result.exists = least > kLeastVariance * most && std::isfinite(most);
  if (!result.exists) return result;
  double log_determinant = 0;
  for (std::size_t k = 0; k < components.rows; ++k) {
    density.weights.push_back(1 / variances[k] - (full ? 0 : 1 / noise));
    log_determinant += std::log(variances[k]);
  }
  if (!full) log_determinant += static_cast<double>(inputs - components.rows) * std::log(noise);
  density.log_norm =
      -0.5 * (static_cast<double>(inputs) * std::log(2 * std::numbers::pi) + log_determinant);
  density.precision.assign(inputs, full ? 0 : 1 / noise);
  density.directions = components;
  density.mean = std::move(mean);
  return result;
}

EstimatorPtr WithScores(Fitted& fitted, EstimatorPtr decomposition, NormalDensity density) {
  const Matrix& directions = density.directions;
  if (!fitted.limits().Charge(2 * Panels::SizeFor(directions.rows, directions.columns))) {
    fitted.Fail("it is too large for its file");
  }
  if (!fitted.ok() || decomposition == nullptr) return nullptr;
  Traits traits = decomposition->traits();
  traits.score_samples = true;
  traits.widest = std::max(traits.widest, traits.inputs + directions.rows);
  return std::make_unique<ScoredDecomposition>(std::move(traits), std::move(decomposition),
                                               std::move(density));
}

}  // namespace plinth::sklearn
