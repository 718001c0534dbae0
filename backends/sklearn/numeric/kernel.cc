#include "numeric/kernel.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "numeric/differences.h"
#include "numeric/exponential.h"
#include "numeric/products.h"

namespace plinth::sklearn {
namespace {

constexpr double kMaxWholeDegree = 64;

double WholePower(double base, int times) {
  double power = 1;
  for (; times > 0; times /= 2) {
    if (times % 2 == 1) power *= base;
    base *= base;
  }
  return power;
}

void Polynomial(const KernelFunction& function, double* values, std::size_t n) {
  const bool whole = function.degree >= 0 && function.degree <= kMaxWholeDegree &&
                     function.degree == std::floor(function.degree);
  if (whole) {
    const int degree = static_cast<int>(function.degree);
    for (std::size_t i = 0; i < n; ++i) {
      values[i] = WholePower(function.gamma * values[i] + function.coef0, degree);
    }
    return;
  }
  for (std::size_t i = 0; i < n; ++i) {
    values[i] = std::pow(function.gamma * values[i] + function.coef0, function.degree);
  }
}

// Each row divided by its length; rows of zeros stay.
void ToUnitLength(const double* from, std::size_t rows, std::size_t columns, double* to) {
  for (std::size_t i = 0; i < rows; ++i) {
    const double* row = from + i * columns;
    const double norm = std::sqrt(Dot(row, row, columns));
    for (std::size_t j = 0; j < columns; ++j) {
      to[i * columns + j] = norm == 0 ? row[j] : row[j] / norm;
    }
  }
}

}  // namespace

Kernel::Kernel(KernelFunction function, std::vector<double> fitted, std::size_t rows,
               std::size_t columns)
    : function_(function), rows_(rows) {
  if (function.type == KernelType::kCosine) {
    ToUnitLength(fitted.data(), rows, columns, fitted.data());
  }
  fitted_ = Panels(fitted.data(), rows, columns);
}

Kernel::Kernel(std::vector<std::size_t> support, std::size_t rows)
    : function_{.type = KernelType::kPrecomputed}, rows_(rows), support_(std::move(support)) {}

std::size_t Kernel::RowsAtOnce() const {
  constexpr std::size_t kValues = std::size_t{1} << 16;
  constexpr std::size_t kFewest = 8;
  constexpr std::size_t kMost = 256;
  return std::clamp(kValues / std::max<std::size_t>(rows_, 1), kFewest, kMost);
}

void Kernel::Gather(Rows rows, double* out) const {
  for (std::size_t i = 0; i < rows.count; ++i) {
    const double* row = rows.row(i);
    for (std::size_t j = 0; j < rows_; ++j) {
      out[i * rows_ + j] = row[support_.empty() ? j : support_[j]];
    }
  }
}

void Kernel::Compute(Rows rows, double* out, Scratch& scratch) const {
  const std::size_t n = rows.count * rows_;
  const PanelRange all = AllOf(fitted_);
  switch (function_.type) {
    case KernelType::kLinear:
      return InnerProducts(rows, fitted_, all, out);
    case KernelType::kPolynomial:
      InnerProducts(rows, fitted_, all, out);
      return Polynomial(function_, out, n);
    case KernelType::kRbf:
      SquaredDistances(rows, fitted_, all, out);
      return ExpScaled(out, n, -function_.gamma);
    case KernelType::kLaplacian:
      ManhattanDistances(rows, fitted_, all, out);
      return ExpScaled(out, n, -function_.gamma);
    case KernelType::kSigmoid:
      InnerProducts(rows, fitted_, all, out);
      for (std::size_t i = 0; i < n; ++i) {
        out[i] = std::tanh(function_.gamma * out[i] + function_.coef0);
      }
      return;
    case KernelType::kCosine: {
      Scratch::Frame frame(scratch);
      double* unit = frame.Take<double>(rows.count * rows.width);
      ToUnitLength(rows.data, rows.count, rows.width, unit);
      return InnerProducts(Rows{unit, rows.count, rows.width, rows.first}, fitted_, all, out);
    }
    case KernelType::kAdditiveChi2:
    case KernelType::kChi2:
      Chi2Distances(rows, fitted_, all, out);
      if (function_.type == KernelType::kChi2) return ExpScaled(out, n, -function_.gamma);
      for (std::size_t i = 0; i < n; ++i) out[i] = -out[i];
      return;
    case KernelType::kPrecomputed:
      return Gather(rows, out);
  }
}

}  // namespace plinth::sklearn
