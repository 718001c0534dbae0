// The kernels of KernelDensity.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace plinth::sklearn {

enum class DensityShape : std::uint8_t {
  kGaussian,
  kTophat,
  kEpanechnikov,
  kExponential,
  kLinear,
  kCosine
};

std::optional<DensityShape> FindDensityShape(std::string_view name);

// The logarithm of the kernel at a distance, 0 at distance 0.
double LogKernel(DensityShape shape, double distance, double bandwidth);

// The logarithm of what makes the kernel's integral over so many dimensions 1.
double LogNorm(DensityShape shape, double bandwidth, std::size_t dimensions);

}  // namespace plinth::sklearn
