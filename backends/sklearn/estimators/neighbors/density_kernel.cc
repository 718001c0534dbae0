#include "estimators/neighbors/density_kernel.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numbers>

namespace plinth::sklearn {
namespace {

struct NamedShape {
  std::string_view name;
  DensityShape shape;
};

constexpr NamedShape kShapes[] = {
    {"cosine", DensityShape::kCosine},           {"epanechnikov", DensityShape::kEpanechnikov},
    {"exponential", DensityShape::kExponential}, {"gaussian", DensityShape::kGaussian},
    {"linear", DensityShape::kLinear},           {"tophat", DensityShape::kTophat},
};

// The logarithms of the unit ball's volume in n dimensions, and of its surface in n + 1.
double LogVolume(double n) {
  return 0.5 * n * std::log(std::numbers::pi) - std::lgamma(0.5 * n + 1);
}
double LogSurface(double n) { return std::log(2 * std::numbers::pi) + LogVolume(n - 1); }

double LogIntegral(DensityShape shape, std::size_t dimensions) {
  const auto n = static_cast<double>(dimensions);
  switch (shape) {
    case DensityShape::kGaussian:
      return 0.5 * n * std::log(2 * std::numbers::pi);
    case DensityShape::kTophat:
      return LogVolume(n);
    case DensityShape::kEpanechnikov:
      return LogVolume(n) + std::log(2 / (n + 2));
    case DensityShape::kExponential:
      return LogSurface(n - 1) + std::lgamma(n);
    case DensityShape::kLinear:
      return LogVolume(n) - std::log(n + 1);
    case DensityShape::kCosine:
      break;
  }
  // For some numbers of dimensions the sum is below 0, and scikit-learn's densities are NaN.
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

}  // namespace

std::optional<DensityShape> FindDensityShape(std::string_view name) {
  const auto* const found = std::ranges::find(kShapes, name, &NamedShape::name);
  if (found == std::end(kShapes)) return std::nullopt;
  return found->shape;
}

double LogKernel(DensityShape shape, double distance, double bandwidth) {
  const double squares = distance * distance / (bandwidth * bandwidth);
  if (shape == DensityShape::kGaussian) return -0.5 * squares;
  if (shape == DensityShape::kExponential) return -distance / bandwidth;
  if (!(distance < bandwidth)) return -std::numeric_limits<double>::infinity();
  if (shape == DensityShape::kEpanechnikov) return std::log(1 - squares);
  if (shape == DensityShape::kLinear) return std::log(1 - distance / bandwidth);
  if (shape == DensityShape::kTophat) return 0;
  return std::log(std::cos(0.5 * std::numbers::pi * distance / bandwidth));
}

double LogNorm(DensityShape shape, double bandwidth, std::size_t dimensions) {
  return -LogIntegral(shape, dimensions) - static_cast<double>(dimensions) * std::log(bandwidth);
}

}  // namespace plinth::sklearn
