#include "numeric/cholesky.h"

#include <cmath>

#include "numeric/linear_algebra.h"

namespace plinth::sklearn {

bool FactorCholesky(double* a, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    double* row = a + i * n;
    for (std::size_t j = 0; j < i; ++j) {
      row[j] = (row[j] - Dot(row, a + j * n, j)) / a[j * n + j];
    }
    const double pivot = row[i] - Dot(row, row, i);
    if (!(pivot > 0) || std::isinf(pivot)) return false;
    row[i] = std::sqrt(pivot);
  }
  return true;
}

void SolveCholesky(const double* l, std::size_t n, double* b) {
  for (std::size_t i = 0; i < n; ++i) b[i] = (b[i] - Dot(l + i * n, b, i)) / l[i * n + i];
  for (std::size_t i = n; i-- > 0;) {
    b[i] /= l[i * n + i];
    for (std::size_t j = 0; j < i; ++j) b[j] -= l[i * n + j] * b[i];
  }
}

}  // namespace plinth::sklearn
