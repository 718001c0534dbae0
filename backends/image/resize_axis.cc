#include "image/resize_axis.h"

#include <algorithm>
#include <cmath>

namespace plinth::image {
namespace {

// The weight of what lies `distance` result pixels away.
double Weight(Interpolation interpolation, double distance) {
  if (interpolation == Interpolation::kArea) return distance > -0.5 && distance <= 0.5 ? 1 : 0;
  return std::max(0.0, 1 - std::abs(distance));
}

Axis Nearest(std::int64_t original, std::int64_t scaled, std::int64_t begin, std::int64_t length) {
  Axis axis;
  axis.taps = 1;
  axis.count.assign(static_cast<std::size_t>(length), 1);
  axis.weights.assign(static_cast<std::size_t>(length), 1.0f);
  axis.fixed.assign(static_cast<std::size_t>(length), 1 << kFixedBits);
  const double step = static_cast<double>(original) / static_cast<double>(scaled);
  // Summed up, not multiplied, which decides as Pillow does where a center falls between two
  // pixels; but not over the long way into a picture that is scaled far beyond any other.
  constexpr std::int64_t kMostSteps = std::int64_t{1} << 20;
  const std::int64_t from = begin > kMostSteps ? begin : 0;
  double center = (static_cast<double>(from) + 0.5) * step;
  for (std::int64_t i = from; i < begin + length; ++i, center += step) {
    if (i < begin) continue;
    axis.first.push_back(
        std::clamp<std::int64_t>(static_cast<std::int64_t>(center), 0, original - 1));
  }
  return axis;
}

}  // namespace

Axis MakeAxis(Interpolation interpolation, std::int64_t original, std::int64_t scaled,
              std::int64_t begin, std::int64_t length) {
  if (interpolation == Interpolation::kNearest) return Nearest(original, scaled, begin, length);
  const double step = static_cast<double>(original) / static_cast<double>(scaled);
  // Where the picture shrinks the filter is as wide as the pixels of the result.
  const double width = std::max(step, 1.0);
  const double support = width * (interpolation == Interpolation::kArea ? 0.5 : 1.0);
  Axis axis;
  axis.taps = static_cast<std::size_t>(std::ceil(support)) * 2 + 1;
  axis.weights.resize(static_cast<std::size_t>(length) * axis.taps);
  axis.fixed.resize(axis.weights.size());
  std::vector<double> weights;
  for (std::int64_t i = 0; i < length; ++i) {
    const double center = (static_cast<double>(begin + i) + 0.5) * step;
    const auto low = std::max<std::int64_t>(0, static_cast<std::int64_t>(center - support + 0.5));
    const auto high = std::min(original, static_cast<std::int64_t>(center + support + 0.5));
    weights.clear();
    double sum = 0;
    for (std::int64_t at = low; at < high; ++at) {
      weights.push_back(Weight(interpolation, (static_cast<double>(at) - center + 0.5) / width));
      sum += weights.back();
    }
    axis.first.push_back(low);
    axis.count.push_back(high - low);
    const std::size_t row = static_cast<std::size_t>(i) * axis.taps;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      const double weight = weights[k] / sum;
      axis.weights[row + k] = static_cast<float>(weight);
      axis.fixed[row + k] = static_cast<std::int32_t>(std::lround(weight * (1 << kFixedBits)));
    }
  }
  return axis;
}

}  // namespace plinth::image
