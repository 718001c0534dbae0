// The linear decompositions: PCA and its relatives.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "estimators/decomposition/projection.h"
#include "estimators/discriminant/normal_density.h"
#include "estimators/families.h"
#include "estimators/sparse_state.h"
#include "numeric/cholesky.h"

namespace plinth::sklearn {
namespace {

Projection ReadComponents(Fitted& fitted) {
  Projection projection;
  projection.components = fitted.ReadMatrix("components_");
  return projection;
}

EstimatorPtr ReadIncrementalPca(Fitted& fitted) {
  Projection projection = ReadComponents(fitted);
  const Matrix& components = projection.components;
  if (fitted.Has("mean_")) {
    std::vector<double> mean = fitted.Vector("mean_", components.columns);
    if (!fitted.ok()) return nullptr;
    // Since version 1.5 the mean is subtracted after the projection.
    if (fitted.VersionAtLeast(1, 5)) {
      for (std::size_t i = 0; i < components.rows; ++i) {
        projection.shift.push_back(
            -Dot(mean.data(), &components.data[i * components.columns], components.columns));
      }
    } else {
      projection.mean = std::move(mean);
    }
  }
  if (fitted.Flag("whiten", false)) {
    projection.divisor = fitted.Vector("explained_variance_", components.rows);
    for (double& variance : projection.divisor) {
      variance = std::max(std::sqrt(variance), std::numeric_limits<double>::epsilon());
    }
  }
  return MakeProjection(fitted, std::move(projection));
}

EstimatorPtr ReadPca(Fitted& fitted) {
  EstimatorPtr projection = ReadIncrementalPca(fitted);
  // Files of a few lines by hand may lack what only scores need.
  if (!fitted.Has("noise_variance_") || !fitted.Has("mean_") || !fitted.ok()) return projection;
  const Matrix components = fitted.ReadMatrix("components_");
  PcaDensity scores =
      ReadPcaDensity(fitted, components, fitted.Vector("mean_", components.columns));
  if (!scores.exists) return projection;
  return WithScores(fitted, std::move(projection), std::move(scores.density));
}

EstimatorPtr ReadTruncatedSvd(Fitted& fitted) {
  return MakeProjection(fitted, ReadComponents(fitted));
}

// `whiten` is a bool or, from version 1.1 on, a str or False.
EstimatorPtr ReadFastIca(Fitted& fitted) {
  Projection projection = ReadComponents(fitted);
  const Value* whiten = fitted.Find("whiten");
  const bool off = whiten != nullptr && whiten->Is(Kind::kBool) && whiten->integer == 0;
  if (!off) projection.mean = fitted.Vector("mean_", projection.components.columns);
  return MakeProjection(fitted, std::move(projection));
}

// inverse(matrix) @ components, for a symmetric matrix of as many rows as there are components.
void SolveForComponents(Fitted& fitted, std::vector<double> matrix, Matrix& components) {
  const std::size_t n = components.rows;
  if (!FactorCholesky(matrix.data(), n)) {
    fitted.FailFor("components_", "depend on each other: the projection is not defined");
    return;
  }
  std::vector<double> column(n);
  for (std::size_t j = 0; j < components.columns; ++j) {
    for (std::size_t i = 0; i < n; ++i) column[i] = components.data[i * components.columns + j];
    SolveCholesky(matrix.data(), n, column.data());
    for (std::size_t i = 0; i < n; ++i) components.data[i * components.columns + j] = column[i];
  }
}

// left @ right.T + diagonal * I
std::vector<double> Products(Fitted& fitted, const Matrix& left, const Matrix& right,
                             double diagonal) {
  const std::size_t n = left.rows;
  if (!fitted.ok() || (n != 0 && (n > ReadLimits::kMaxColumns ||
                                  !fitted.limits().Charge(n * n * sizeof(double))))) {
    fitted.Fail("it is too large for its file");
    return {};
  }
  std::vector<double> products(n * n);
  const std::size_t width = left.columns;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      products[i * n + j] = Dot(&left.data[i * width], &right.data[j * width], width);
    }
    products[i * n + i] += diagonal;
  }
  return products;
}

// The density whose covariance is C'C + noise, by W = C / noise and I + W C': the inverse of the
// covariance is 1 / noise - W' (I + W C')^-1 W.
NormalDensity FactorDensity(const Projection& weighted, const std::vector<double>& noise,
                            std::vector<double> matrix) {
  NormalDensity density;
  density.mean = weighted.mean;
  density.directions = weighted.components;
  const std::size_t n = density.directions.rows;
  if (!FactorCholesky(matrix.data(), n)) return density;  // the reader refuses it
  double log_determinant = 0;
  for (std::size_t i = 0; i < n; ++i) log_determinant += 2 * std::log(matrix[i * n + i]);
  for (double variance : noise) {
    density.precision.push_back(1 / variance);
    log_determinant += std::log(variance);
  }
  density.weights.assign(n, -1);
  density.log_norm =
      -0.5 * (static_cast<double>(noise.size()) * std::log(2 * std::numbers::pi) + log_determinant);
  // L^-1 W, row by row.
  const std::size_t width = density.directions.columns;
  for (std::size_t i = 0; i < n; ++i) {
    double* row = &density.directions.data[i * width];
    for (std::size_t k = 0; k < i; ++k) {
      const double* above = &density.directions.data[k * width];
      for (std::size_t j = 0; j < width; ++j) row[j] -= matrix[i * n + k] * above[j];
    }
    for (std::size_t j = 0; j < width; ++j) row[j] /= matrix[i * n + i];
  }
  return density;
}

// The expected factors given X: (X - mean) W' (I + W C')^-1, where W = C / noise.
EstimatorPtr ReadFactorAnalysis(Fitted& fitted) {
  Projection projection = ReadComponents(fitted);
  const Matrix components = projection.components;
  projection.mean = fitted.Vector("mean_", components.columns);
  const std::vector<double> noise = fitted.Vector("noise_variance_", components.columns);
  if (!fitted.ok()) return nullptr;
  for (std::size_t i = 0; i < components.data.size(); ++i) {
    projection.components.data[i] /= noise[i % components.columns];
  }
  std::vector<double> matrix = Products(fitted, projection.components, components, 1);
  if (!fitted.ok()) return nullptr;
  NormalDensity density = FactorDensity(projection, noise, matrix);
  SolveForComponents(fitted, std::move(matrix), projection.components);
  return WithScores(fitted, MakeProjection(fitted, std::move(projection)), std::move(density));
}

// The ridge regression of X - mean on the components.
EstimatorPtr ReadSparsePca(Fitted& fitted) {
  Projection projection = ReadComponents(fitted);
  projection.mean = fitted.Vector("mean_", projection.components.columns);
  std::vector<double> matrix = Products(fitted, projection.components, projection.components,
                                        fitted.Number("ridge_alpha", 0.01));
  if (!fitted.ok()) return nullptr;
  SolveForComponents(fitted, std::move(matrix), projection.components);
  return MakeProjection(fitted, std::move(projection));
}

EstimatorPtr ReadRandomProjection(Fitted& fitted) {
  Projection projection;
  projection.components = ReadMaybeSparse(fitted, "components_");
  return MakeProjection(fitted, std::move(projection));
}

// The chances of the hidden units to be on.
EstimatorPtr ReadBernoulliRbm(Fitted& fitted) {
  Projection projection = ReadComponents(fitted);
  projection.shift = fitted.Vector("intercept_hidden_", projection.components.rows);
  projection.sigmoid = true;
  return MakeProjection(fitted, std::move(projection));
}

}  // namespace

std::span<const RegistryEntry> Decompositions() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.decomposition.FactorAnalysis", ReadFactorAnalysis},
      {"sklearn.decomposition.FastICA", ReadFastIca},
      {"sklearn.decomposition.IncrementalPCA", ReadIncrementalPca},
      {"sklearn.decomposition.MiniBatchSparsePCA", ReadSparsePca},
      {"sklearn.decomposition.PCA", ReadPca},
      {"sklearn.decomposition.SparsePCA", ReadSparsePca},
      {"sklearn.decomposition.TruncatedSVD", ReadTruncatedSvd},
      {"sklearn.neural_network.BernoulliRBM", ReadBernoulliRbm},
      {"sklearn.random_projection.GaussianRandomProjection", ReadRandomProjection},
      {"sklearn.random_projection.SparseRandomProjection", ReadRandomProjection},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
