#include "numeric/triangular.h"

#include <cmath>

#include "numeric/wide.h"

namespace plinth::sklearn {

PLINTH_WIDE void SolveLower(const double* lower, std::size_t n, double* b, std::size_t count) {
  for (std::size_t i = 0; i < n; ++i) {
    double* row = b + i * count;
    for (std::size_t j = 0; j < i; ++j) {
      const double factor = lower[i * n + j];
      const double* solved = b + j * count;
      for (std::size_t k = 0; k < count; ++k) row[k] -= factor * solved[k];
    }
    const double diagonal = lower[i * n + i];
    for (std::size_t k = 0; k < count; ++k) row[k] /= diagonal;
  }
}

void SolvePositiveDefinite(double* a, std::size_t n, double* b) {
  // A = L L', L in the lower half.
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = a[i * n + j];
      for (std::size_t k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i == j ? std::sqrt(sum) : sum / a[j * n + j];
    }
  }
  SolveLower(a, n, b, 1);
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t j = i + 1; j < n; ++j) b[i] -= a[j * n + i] * b[j];
    b[i] /= a[i * n + i];
  }
}

}  // namespace plinth::sklearn
