// KernelDensity: score_samples is the logarithm of the density.
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "estimators/families.h"
#include "estimators/neighbor_search.h"
#include "numeric/special.h"

namespace plinth::sklearn {
namespace {

enum class Shape : std::uint8_t {
  kGaussian,
  kTophat,
  kEpanechnikov,
  kExponential,
  kLinear,
  kCosine
};

struct NamedShape {
  std::string_view name;
  Shape shape;
};

constexpr NamedShape kShapes[] = {
    {"cosine", Shape::kCosine},           {"epanechnikov", Shape::kEpanechnikov},
    {"exponential", Shape::kExponential}, {"gaussian", Shape::kGaussian},
    {"linear", Shape::kLinear},           {"tophat", Shape::kTophat},
};

// The logarithm of the kernel at distance u, in bandwidths, before it is normalised.
double LogKernel(Shape shape, double u) {
  switch (shape) {
    case Shape::kGaussian:
      return -0.5 * u * u;
    case Shape::kExponential:
      return -u;
    default:
      break;
  }
  if (!(u < 1)) return -std::numeric_limits<double>::infinity();
  switch (shape) {
    case Shape::kEpanechnikov:
      return std::log(1 - u * u);
    case Shape::kLinear:
      return std::log(1 - u);
    case Shape::kCosine:
      return std::log(std::cos(0.5 * std::numbers::pi * u));
    default:
      return 0;
  }
}

// The logarithms of the unit ball's volume in n dimensions, and of its surface in n + 1.
double LogVolume(double n) {
  return 0.5 * n * std::log(std::numbers::pi) - std::lgamma(0.5 * n + 1);
}
double LogSurface(double n) { return std::log(2 * std::numbers::pi) + LogVolume(n - 1); }

// The logarithm of the kernel's integral over n dimensions, for bandwidth 1.
double LogIntegral(Shape shape, std::size_t dimensions) {
  const auto n = static_cast<double>(dimensions);
  switch (shape) {
    case Shape::kGaussian:
      return 0.5 * n * std::log(2 * std::numbers::pi);
    case Shape::kTophat:
      return LogVolume(n);
    case Shape::kEpanechnikov:
      return LogVolume(n) + std::log(2 / (n + 2));
    case Shape::kExponential:
      return LogSurface(n - 1) + std::lgamma(n);
    case Shape::kLinear:
      return LogVolume(n) - std::log(n + 1);
    case Shape::kCosine:
      break;
  }
  constexpr double kTwoByPi = 2 / std::numbers::pi;
  double factor = 0;
  double term = kTwoByPi;
  for (std::size_t k = 1; k <= dimensions; k += 2) {
    const double left = n - static_cast<double>(k);
    factor += term;
    term *= -left * (left - 1) * kTwoByPi * kTwoByPi;
  }
  return std::log(factor) + LogSurface(n - 1);
}

class KernelDensity final : public Estimator {
 public:
  struct State {
    NeighborSearchPtr search;
    Shape shape = Shape::kGaussian;
    double bandwidth = 1;
    std::vector<double> log_weights;  // of the fitted rows; empty: all 0
    double log_constant = 0;          // of the kernel's integral and the weights' sum
  };

  KernelDensity(Traits traits, State state) : Estimator(std::move(traits)), s_(std::move(state)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows, s_.search->allows_nan()); !finite) return finite;
    if (out.scores == nullptr) return {};
    Scratch::Frame frame(scratch);
    double* distances = frame.Take<double>(s_.search->size());
    std::size_t* indices = frame.Take<std::size_t>(s_.search->size());
    const bool endless = s_.shape == Shape::kGaussian || s_.shape == Shape::kExponential;
    const double reach = endless ? std::numeric_limits<double>::infinity() : s_.bandwidth;
    for (std::size_t i = 0; i < rows.count; ++i) {
      const Rows row{rows.row(i), 1, rows.width, rows.first + i};
      const std::size_t found = s_.search->Within(row, reach, distances, indices, scratch);
      for (std::size_t k = 0; k < found; ++k) {
        distances[k] = LogKernel(s_.shape, distances[k] / s_.bandwidth);
        if (!s_.log_weights.empty()) distances[k] += s_.log_weights[indices[k]];
      }
      const double sum = found == 0 ? -std::numeric_limits<double>::infinity()
                                    : LogSumExp(distances, found);
      out.scores[i] = sum + s_.log_constant;
    }
    return {};
  }

 private:
  State s_;
};

// The weights of the points, which the tree holds where there are some.
double ReadWeights(Fitted& fitted, const Value& tree, KernelDensity::State& state) {
  constexpr std::size_t kPlace = 12;
  const std::size_t size = state.search->size();
  const Value* parts = tree.state;
  const bool weighted = parts->items.size() > kPlace && !parts->items[kPlace]->IsNone();
  if (!weighted) return static_cast<double>(size);
  const std::vector<double> weights =
      fitted.ReadMatrix(*parts->items[kPlace], "sample_weight").data;
  if (fitted.ok() && weights.size() != size) fitted.Fail("its tree's weights are not its points'");
  double sum = 0;
  for (double weight : weights) {
    sum += weight;
    state.log_weights.push_back(std::log(weight));
  }
  return sum;
}

EstimatorPtr ReadKernelDensity(Fitted& fitted) {
  const Value* tree = fitted.Require("tree_");
  if (tree == nullptr) return nullptr;
  const std::string_view name = fitted.Text("kernel", "gaussian");
  KernelDensity::State state;
  bool known = false;
  for (const NamedShape& shape : kShapes) {
    if (shape.name == name) state.shape = shape.shape;
    known |= shape.name == name;
  }
  if (!known) fitted.Fail("kernel '" + std::string(name.substr(0, 64)) + "' is not known");
  if (fitted.Number("atol", 0) != 0 || fitted.Number("rtol", 0) != 0) {
    fitted.Fail(
        "with atol or rtol above 0 scikit-learn approximates, which is not done here; set "
        "both to 0");
  }
  // Before scikit-learn 1.2 the parameter was always a number.
  state.bandwidth = fitted.Number(fitted.Has("bandwidth_") ? "bandwidth_" : "bandwidth", 1);
  if (!(state.bandwidth > 0)) fitted.FailFor("bandwidth_", "is not above 0");
  if (!fitted.ok()) return nullptr;
  state.search = ReadNeighborTree(fitted, *tree, fitted.Text("metric", "euclidean"),
                                  fitted.Find("metric_params"));
  if (state.search == nullptr) return nullptr;
  const std::size_t inputs = state.search->inputs();
  const double sum = ReadWeights(fitted, *tree, state);
  if (!fitted.ok()) return nullptr;
  state.log_constant = -LogIntegral(state.shape, inputs) -
                       static_cast<double>(inputs) * std::log(state.bandwidth) - std::log(sum);
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.score_samples = true;
  return std::make_unique<KernelDensity>(std::move(traits), std::move(state));
}

}  // namespace

std::span<const RegistryEntry> KernelDensities() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.neighbors.KernelDensity", ReadKernelDensity}};
  return kEntries;
}

}  // namespace plinth::sklearn
