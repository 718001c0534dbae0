// GaussianMixture and BayesianGaussianMixture.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "estimators/families.h"
#include "numeric/panels.h"
#include "numeric/products.h"
#include "numeric/special.h"

namespace plinth::sklearn {
namespace {

enum class Covariance : std::uint8_t { kFull, kTied, kDiagonal, kSpherical };

// For a row x, component k adds constants[k] - distance_k(x) / 2, where the distance is
//   full, tied   |x P_k - offsets_k|^2, P_k being precisions_cholesky_
//   diagonal     norms[k] - 2 x . first_k + x^2 . second_k
//   spherical    the same, where x^2 . second_k is |x|^2 * precisions[k]
struct MixtureState {
  Covariance covariance = Covariance::kFull;
  std::size_t components = 0;
  std::vector<Panels> factors;  // full: one a component, transposed; tied: one
  std::vector<double> offsets;  // full, tied: components x inputs
  Panels first;                 // diagonal, spherical: means * precisions; spherical: means
  Panels second;                // diagonal: precisions
  std::vector<double> norms;
  std::vector<double> precisions;  // spherical
  std::vector<double> constants;
};

class Mixture final : public Estimator {
 public:
  Mixture(Traits traits, MixtureState state)
      : Estimator(std::move(traits)), state_(std::move(state)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    Scratch::Frame frame(scratch);
    const std::size_t n = state_.components;
    double* logs = out.probabilities ? out.probabilities : frame.Take<double>(rows.count * n);
    if (state_.factors.empty()) {
      MeasureByProducts(rows, logs, scratch);
    } else {
      MeasureByFactors(rows, logs, scratch);
    }
    for (std::size_t i = 0; i < rows.count; ++i) {
      double* row = logs + i * n;
      for (std::size_t k = 0; k < n; ++k) row[k] = state_.constants[k] - 0.5 * row[k];
      if (out.labels) out.labels[i] = static_cast<std::int32_t>(ArgMax(row, n));
      if (out.scores == nullptr && out.probabilities == nullptr) continue;
      const double total = LogSumExp(row, n);
      if (out.scores) out.scores[i] = total;
      if (out.probabilities == nullptr) continue;
      for (std::size_t k = 0; k < n; ++k) row[k] = std::exp(row[k] - total);
    }
    return {};
  }

 private:
  void MeasureByFactors(Rows rows, double* distances, Scratch& scratch) const {
    Scratch::Frame frame(scratch);
    const std::size_t n = state_.components;
    const bool tied = state_.covariance == Covariance::kTied;
    double* turned = frame.Take<double>(rows.count * rows.width);
    for (std::size_t k = 0; k < n; ++k) {
      const Panels& factor = state_.factors[tied ? 0 : k];
      if (!tied || k == 0) InnerProducts(rows, factor, AllOf(factor), turned);
      const double* offsets = &state_.offsets[k * rows.width];
      for (std::size_t i = 0; i < rows.count; ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < rows.width; ++j) {
          const double difference = turned[i * rows.width + j] - offsets[j];
          sum += difference * difference;
        }
        distances[i * n + k] = sum;
      }
    }
  }

  void MeasureByProducts(Rows rows, double* distances, Scratch& scratch) const {
    Scratch::Frame frame(scratch);
    const std::size_t n = state_.components;
    double* products = frame.Take<double>(rows.count * n);
    InnerProducts(rows, state_.first, AllOf(state_.first), products);
    const bool spherical = state_.covariance == Covariance::kSpherical;
    if (!spherical) {
      double* squares = frame.Take<double>(rows.count * rows.width);
      for (std::size_t i = 0; i < rows.count * rows.width; ++i) {
        squares[i] = rows.data[i] * rows.data[i];
      }
      const Rows squared{squares, rows.count, rows.width, rows.first};
      InnerProducts(squared, state_.second, AllOf(state_.second), distances);
    }
    for (std::size_t i = 0; i < rows.count; ++i) {
      const double norm = spherical ? Dot(rows.row(i), rows.row(i), rows.width) : 0;
      for (std::size_t k = 0; k < n; ++k) {
        double& distance = distances[i * n + k];
        const double linear = 2 * products[i * n + k];
        distance = spherical ? state_.norms[k] - linear * state_.precisions[k] +
                                   norm * state_.precisions[k]
                             : state_.norms[k] - linear + distance;
      }
    }
  }

  MixtureState state_;
};

Covariance ReadCovariance(Fitted& fitted) {
  const std::string_view name = fitted.Text("covariance_type", "full");
  if (name == "full") return Covariance::kFull;
  if (name == "tied") return Covariance::kTied;
  if (name == "diag") return Covariance::kDiagonal;
  if (name != "spherical") fitted.FailFor("covariance_type", "is not known");
  return Covariance::kSpherical;
}

// Adds a component's factor, an upper triangle of inputs x inputs; returns log |P|.
double AddFactor(MixtureState& state, const double* factor, std::size_t inputs) {
  std::vector<double> transposed(inputs * inputs);
  double log_determinant = 0;
  for (std::size_t i = 0; i < inputs; ++i) {
    for (std::size_t j = 0; j < inputs; ++j) transposed[j * inputs + i] = factor[i * inputs + j];
    log_determinant += std::log(factor[i * inputs + i]);
  }
  state.factors.emplace_back(transposed.data(), inputs, inputs);
  return log_determinant;
}

// Full and tied. Returns log |P| for each component.
std::vector<double> ReadFactors(Fitted& fitted, const Matrix& means, MixtureState& state) {
  const std::size_t inputs = means.columns;
  const std::size_t count = state.covariance == Covariance::kTied ? 1 : means.rows;
  // Before it is read: a few means can ask for more than there is memory for.
  if (!fitted.limits().Charge(2 * count * Panels::SizeFor(inputs, inputs))) {
    fitted.Fail("it is too large for its file");
    return {};
  }
  const std::vector<double> factors =
      fitted.Vector("precisions_cholesky_", count * inputs * inputs);
  if (!fitted.ok()) return {};
  std::vector<double> log_determinants;
  for (std::size_t k = 0; k < count; ++k) {
    log_determinants.push_back(AddFactor(state, &factors[k * inputs * inputs], inputs));
  }
  log_determinants.resize(means.rows, log_determinants.front());
  for (std::size_t k = 0; k < means.rows; ++k) {
    const double* factor = &factors[(count == 1 ? 0 : k) * inputs * inputs];
    std::vector<double> offset(inputs, 0.0);
    for (std::size_t i = 0; i < inputs; ++i) {
      for (std::size_t j = 0; j < inputs; ++j) {
        offset[j] += means.data[k * inputs + i] * factor[i * inputs + j];
      }
    }
    state.offsets.insert(state.offsets.end(), offset.begin(), offset.end());
  }
  return log_determinants;
}

std::vector<double> ReadDiagonals(Fitted& fitted, const Matrix& means, MixtureState& state) {
  const std::size_t inputs = means.columns;
  std::vector<double> precisions = fitted.Vector("precisions_cholesky_", means.data.size());
  if (!fitted.limits().Charge(2 * Panels::SizeFor(means.rows, inputs))) {
    fitted.Fail("it is too large for its file");
  }
  if (!fitted.ok()) return {};
  std::vector<double> log_determinants(means.rows, 0.0);
  std::vector<double> weighted(means.data.size());
  state.norms.assign(means.rows, 0.0);
  for (std::size_t i = 0; i < means.data.size(); ++i) {
    log_determinants[i / inputs] += std::log(precisions[i]);
    precisions[i] *= precisions[i];
    weighted[i] = means.data[i] * precisions[i];
    state.norms[i / inputs] += means.data[i] * means.data[i] * precisions[i];
  }
  state.first = Panels(weighted.data(), means.rows, inputs);
  state.second = Panels(precisions.data(), means.rows, inputs);
  return log_determinants;
}

std::vector<double> ReadSpheres(Fitted& fitted, const Matrix& means, MixtureState& state) {
  const std::size_t inputs = means.columns;
  state.precisions = fitted.Vector("precisions_cholesky_", means.rows);
  if (!fitted.limits().Charge(Panels::SizeFor(means.rows, inputs))) {
    fitted.Fail("it is too large for its file");
  }
  if (!fitted.ok()) return {};
  std::vector<double> log_determinants;
  for (std::size_t k = 0; k < means.rows; ++k) {
    double& precision = state.precisions[k];
    log_determinants.push_back(static_cast<double>(inputs) * std::log(precision));
    precision *= precision;
    const double* mean = &means.data[k * inputs];
    state.norms.push_back(Dot(mean, mean, inputs) * precision);
  }
  state.first = Panels(means.data.data(), means.rows, inputs);
  return log_determinants;
}

// The logarithms of the weights as a variational mixture expects them.
std::vector<double> ReadExpectedLogWeights(Fitted& fitted, std::size_t components) {
  const bool process = fitted.Text("weight_concentration_prior_type", "dirichlet_process") ==
                       std::string_view("dirichlet_process");
  std::vector<double> logs(components, 0.0);
  std::vector<double> a;
  std::vector<double> b(components, 0.0);
  const Value* both = fitted.Require("weight_concentration_");
  if (process && both != nullptr && both->IsSequence() && both->items.size() == 2) {
    a = fitted.ReadMatrix(*both->items[0], "weight_concentration_").data;
    b = fitted.ReadMatrix(*both->items[1], "weight_concentration_").data;
  } else {
    a = fitted.Vector("weight_concentration_");
  }
  const auto positive = [](double x) { return x > 0; };
  if (fitted.ok() &&
      (a.size() != components || b.size() != components || !std::ranges::all_of(a, positive) ||
       (process && !std::ranges::all_of(b, positive)))) {
    fitted.FailFor("weight_concentration_", "is not positive numbers, one a component");
  }
  if (!fitted.ok()) return logs;
  double total = 0;
  for (double x : a) total += x;
  double remaining = 0;  // what the sticks before this one leave, as a logarithm
  for (std::size_t k = 0; k < components; ++k) {
    if (process) {
      const double sum = Digamma(a[k] + b[k]);
      logs[k] = Digamma(a[k]) - sum + remaining;
      remaining += Digamma(b[k]) - sum;
    } else {
      logs[k] = Digamma(a[k]) - Digamma(total);
    }
  }
  return logs;
}

// What a variational mixture adds for not knowing its precisions.
std::vector<double> ReadExpectedPrecision(Fitted& fitted, std::size_t components,
                                          std::size_t inputs) {
  std::vector<double> freedom = fitted.Vector("degrees_of_freedom_");
  const std::vector<double> trust = fitted.Vector("mean_precision_", components);
  if (freedom.size() == 1) freedom.resize(components, freedom[0]);
  const auto width = static_cast<double>(inputs);
  const auto enough = [&](double x) { return x > width - 1; };
  if (fitted.ok() && (freedom.size() != components || !std::ranges::all_of(freedom, enough))) {
    fitted.FailFor("degrees_of_freedom_", "is not enough, or not one number a component");
  }
  std::vector<double> added(components, 0.0);
  for (std::size_t k = 0; fitted.ok() && k < components; ++k) {
    double expected = width * std::numbers::ln2;
    for (std::size_t j = 0; j < inputs; ++j) {
      expected += Digamma(0.5 * (freedom[k] - static_cast<double>(j)));
    }
    added[k] = -0.5 * width * std::log(freedom[k]) + 0.5 * (expected - width / trust[k]);
  }
  return added;
}

EstimatorPtr ReadMixture(Fitted& fitted, bool variational) {
  MixtureState state;
  state.covariance = ReadCovariance(fitted);
  const Matrix means = fitted.ReadMatrix("means_");
  const std::size_t inputs = fitted.Inputs(means.columns);
  if (!fitted.ok()) return nullptr;
  state.components = means.rows;
  state.constants = state.covariance == Covariance::kDiagonal ? ReadDiagonals(fitted, means, state)
                    : state.covariance == Covariance::kSpherical
                        ? ReadSpheres(fitted, means, state)
                        : ReadFactors(fitted, means, state);
  std::vector<double> weights;
  std::vector<double> added(means.rows, 0.0);
  if (variational) {
    weights = ReadExpectedLogWeights(fitted, means.rows);
    added = ReadExpectedPrecision(fitted, means.rows, inputs);
  } else {
    weights = fitted.Vector("weights_", means.rows);
    for (double& weight : weights) weight = std::log(weight);
  }
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kClusterer, inputs);
  const double scale = -0.5 * static_cast<double>(inputs) * std::log(2 * std::numbers::pi);
  for (std::size_t k = 0; k < means.rows; ++k) {
    state.constants[k] += scale + added[k] + weights[k];
    traits.classes.ints.push_back(static_cast<std::int64_t>(k));
  }
  traits.probabilities = true;
  traits.score_samples = true;
  traits.widest = 2 * means.rows + inputs;
  return std::make_unique<Mixture>(std::move(traits), std::move(state));
}

EstimatorPtr ReadGaussianMixture(Fitted& fitted) { return ReadMixture(fitted, false); }
EstimatorPtr ReadBayesianMixture(Fitted& fitted) { return ReadMixture(fitted, true); }

}  // namespace

std::span<const RegistryEntry> Mixtures() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.mixture.BayesianGaussianMixture", ReadBayesianMixture},
      {"sklearn.mixture.GaussianMixture", ReadGaussianMixture},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
