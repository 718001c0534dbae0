#include "numeric/norm.h"

#include <algorithm>
#include <cmath>

#include "numeric/linear_algebra.h"

namespace plinth::sklearn {

std::optional<Norm> FindNorm(std::string_view name) {
  if (name == "l1") return Norm::kL1;
  if (name == "l2") return Norm::kL2;
  if (name == "max") return Norm::kMax;
  return std::nullopt;
}

double NormOf(Norm norm, const double* values, std::size_t n) {
  double total = 0;
  switch (norm) {
    case Norm::kL1:
      for (std::size_t i = 0; i < n; ++i) total += std::abs(values[i]);
      return total;
    case Norm::kL2:
      return std::sqrt(Dot(values, values, n));
    case Norm::kMax:
      for (std::size_t i = 0; i < n; ++i) total = std::max(total, std::abs(values[i]));
      return total;
  }
  return total;
}

void ScaleToNorm(Norm norm, double* values, std::size_t n) {
  const double of = NormOf(norm, values, n);
  if (of == 0) return;
  for (std::size_t i = 0; i < n; ++i) values[i] /= of;
}

}  // namespace plinth::sklearn
