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

Kernel::Kernel(KernelFunction function, SparseMatrix fitted, std::size_t columns)
    : function_(function),
      rows_(fitted.rows()),
      is_sparse_(true),
      sparse_(std::move(fitted)),
      columns_(columns) {
  const SparseRows rows = sparse_.View(columns, 0);
  for (std::size_t i = 0; i < rows.count; ++i) {
    const double* values = rows.values + rows.starts[i];
    norms_.push_back(Dot(values, values, rows.starts[i + 1] - rows.starts[i]));
  }
}

void Kernel::Finish(double* values, std::size_t n) const {
  switch (function_.type) {
    case KernelType::kPolynomial:
      return Polynomial(function_, values, n);
    case KernelType::kRbf:
    case KernelType::kLaplacian:
    case KernelType::kChi2:
      return ExpScaled(values, n, -function_.gamma);
    case KernelType::kSigmoid:
      for (std::size_t i = 0; i < n; ++i) {
        values[i] = std::tanh(function_.gamma * values[i] + function_.coef0);
      }
      return;
    case KernelType::kAdditiveChi2:
      for (std::size_t i = 0; i < n; ++i) values[i] = -values[i];
      return;
    default:
      return;
  }
}

void Kernel::ComputeSparse(const double* row, double* out) const {
  const SparseRows fitted = sparse_.View(columns_, 0);
  const double norm = Dot(row, row, columns_);
  for (std::size_t j = 0; j < rows_; ++j) {
    double product = 0;
    for (std::size_t at = fitted.starts[j]; at < fitted.starts[j + 1]; ++at) {
      product += fitted.values[at] * row[fitted.columns[at]];
    }
    if (function_.type == KernelType::kRbf) {
      product = std::max(0.0, norm - 2 * product + norms_[j]);
    } else if (function_.type == KernelType::kCosine) {
      const double lengths = std::sqrt(norm) * std::sqrt(norms_[j]);
      product = lengths == 0 ? 0 : product / lengths;
    }
    out[j] = product;
  }
}

void Kernel::Compute(Rows rows, double* out, Scratch& scratch) const {
  const PanelRange all = AllOf(fitted_);
  if (is_sparse_) {
    for (std::size_t i = 0; i < rows.count; ++i) ComputeSparse(rows.row(i), out + i * rows_);
    return Finish(out, rows.count * rows_);
  }
  switch (function_.type) {
    case KernelType::kLinear:
    case KernelType::kPolynomial:
    case KernelType::kSigmoid:
      InnerProducts(rows, fitted_, all, out);
      break;
    case KernelType::kRbf:
      SquaredDistances(rows, fitted_, all, out);
      break;
    case KernelType::kLaplacian:
      ManhattanDistances(rows, fitted_, all, out);
      break;
    case KernelType::kCosine: {
      Scratch::Frame frame(scratch);
      double* unit = frame.Take<double>(rows.count * rows.width);
      ToUnitLength(rows.data, rows.count, rows.width, unit);
      InnerProducts(Rows{unit, rows.count, rows.width, rows.first}, fitted_, all, out);
      break;
    }
    case KernelType::kAdditiveChi2:
    case KernelType::kChi2:
      Chi2Distances(rows, fitted_, all, out);
      break;
    case KernelType::kPrecomputed:
      Gather(rows, out);
      break;
  }
  Finish(out, rows.count * rows_);
}

void Kernel::Compute(const SparseRows& rows, double* out, Scratch& scratch) const {
  Scratch::Frame frame(scratch);
  double* dense = frame.Take<double>(rows.width);
  std::fill_n(dense, rows.width, 0.0);
  for (std::size_t i = 0; i < rows.count; ++i) {
    const std::size_t end = rows.starts[i + 1];
    for (std::size_t at = rows.starts[i]; at < end; ++at) dense[rows.columns[at]] = rows.values[at];
    Compute(Rows{dense, 1, rows.width, rows.first + i}, out + i * rows_, scratch);
    for (std::size_t at = rows.starts[i]; at < end; ++at) dense[rows.columns[at]] = 0;
  }
}

}  // namespace plinth::sklearn
