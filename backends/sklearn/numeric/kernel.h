// Kernels as scikit-learn's sklearn.metrics.pairwise and libsvm have them, between blocks of rows
// and fitted ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "numeric/linear_algebra.h"
#include "numeric/panels.h"
#include "numeric/scratch.h"
#include "numeric/sparse.h"

namespace plinth::sklearn {

enum class KernelType : std::uint8_t {
  kLinear,        // x . y
  kPolynomial,    // (gamma x . y + coef0) ^ degree
  kRbf,           // exp(-gamma |x - y|^2)
  kLaplacian,     // exp(-gamma |x - y|_1)
  kSigmoid,       // tanh(gamma x . y + coef0)
  kCosine,        // x . y / (|x| |y|)
  kAdditiveChi2,  // -sum of (x - y)^2 / (x + y)
  kChi2,          // exp(gamma additive chi2)
  kPrecomputed,   // the columns of X are the values for the fitted rows
};

struct KernelFunction {
  KernelType type = KernelType::kLinear;
  double gamma = 1;
  double coef0 = 1;
  double degree = 3;
};

// Whether the kernel follows from the inner products and lengths of rows, which are cheap to have
// of sparse ones.
inline bool IsOfProducts(KernelType type) {
  return type == KernelType::kLinear || type == KernelType::kPolynomial ||
         type == KernelType::kRbf || type == KernelType::kSigmoid || type == KernelType::kCosine;
}

// The chi2 kernels are for numbers that are not negative.
inline bool RefusesNegatives(KernelType type) {
  return type == KernelType::kAdditiveChi2 || type == KernelType::kChi2;
}

class Kernel {
 public:
  Kernel() = default;
  // `fitted` is rows x columns; not looked at (and 0 x 0) for a precomputed kernel, whose values
  // are the columns of X that `support` names, or all columns if it is empty.
  Kernel(KernelFunction function, std::vector<double> fitted, std::size_t rows,
         std::size_t columns);
  Kernel(std::vector<std::size_t> support, std::size_t rows);
  // Fitted rows that stay sparse. Requires IsOfProducts(function.type).
  Kernel(KernelFunction function, SparseMatrix fitted, std::size_t columns);

  KernelType type() const { return function_.type; }
  // How many values a row gets.
  std::size_t size() const { return rows_; }
  // Columns of the fitted rows.
  std::size_t columns() const { return is_sparse_ ? columns_ : fitted_.columns(); }
  // A number of rows at a time for which `size()` values each stay in the cache.
  std::size_t RowsAtOnce() const;

  // out[i * size() + j] = kernel(rows[i], fitted[j])
  void Compute(Rows rows, double* out, Scratch& scratch) const;
  void Compute(const SparseRows& rows, double* out, Scratch& scratch) const;

 private:
  void Gather(Rows rows, double* out) const;
  // The kernel of a row with sparse fitted ones.
  void ComputeSparse(const double* row, double* out) const;
  // From inner products, or the distances of the kernels that have these, to values.
  void Finish(double* values, std::size_t n) const;

  KernelFunction function_;
  Panels fitted_;
  std::size_t rows_ = 0;
  std::vector<std::size_t> support_;
  // Sparse fitted rows, and their squared lengths.
  bool is_sparse_ = false;
  SparseMatrix sparse_;
  std::size_t columns_ = 0;
  std::vector<double> norms_;
};

}  // namespace plinth::sklearn
