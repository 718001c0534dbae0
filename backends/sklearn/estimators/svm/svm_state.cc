#include "estimators/svm/svm_state.h"

#include <algorithm>
#include <utility>

#include "estimators/kernels/kernel_state.h"
#include "estimators/sparse_state.h"

namespace plinth::sklearn {

SvmDecision SvmDecision::Read(Fitted& fitted, std::size_t classes) {
  SvmDecision decision;
  // The names with an underscore hold what libsvm computes with; the others may have their signs
  // turned.
  const Matrix dual = ReadMaybeSparse(fitted, "_dual_coef_");
  decision.intercepts_ = fitted.Vector("_intercept_");
  if (!fitted.ok()) return decision;
  const std::size_t pairs = classes == 0 ? 1 : classes * (classes - 1) / 2;
  if (classes == 1 || decision.intercepts_.size() != pairs) {
    fitted.Fail("'_intercept_' has " + std::to_string(decision.intercepts_.size()) +
                " numbers; one for each pair of classes was expected");
    return decision;
  }
  decision.ReadTerms(fitted, classes, dual);
  if (fitted.ok()) decision.ReadKernelOf(fitted, dual.columns);
  return decision;
}

void SvmDecision::ReadTerms(Fitted& fitted, std::size_t classes, const Matrix& dual) {
  coefficients_ = dual.data;
  if (classes == 0) {
    if (dual.rows != 1) fitted.FailFor("_dual_coef_", "has not one row");
    terms_.push_back(Term{0, 0, 0, dual.columns});
    return;
  }
  const std::vector<std::int64_t> counts =
      fitted.Ints(fitted.Has("_n_support") ? "_n_support" : "n_support_");
  if (!fitted.ok()) return;
  std::vector<std::size_t> starts = {0};
  for (std::int64_t count : counts) {
    const bool fits = count >= 0 && static_cast<std::size_t>(count) <= dual.columns - starts.back();
    if (!fits) return fitted.FailFor("_n_support", "counts support vectors that are not there");
    starts.push_back(starts.back() + static_cast<std::size_t>(count));
  }
  if (counts.size() != classes || dual.rows != classes - 1 || starts.back() != dual.columns) {
    return fitted.FailFor("_n_support", "does not agree with the classes and coefficients");
  }
  if (!fitted.limits().Charge(classes * classes * sizeof(Term))) {
    return fitted.Fail("it is too large for its file");
  }
  std::size_t output = 0;
  for (std::size_t i = 0; i < classes; ++i) {
    for (std::size_t j = i + 1; j < classes; ++j, ++output) {
      terms_.push_back(
          Term{output, (j - 1) * dual.columns + starts[i], starts[i], starts[i + 1] - starts[i]});
      terms_.push_back(
          Term{output, i * dual.columns + starts[j], starts[j], starts[j + 1] - starts[j]});
    }
  }
}

void SvmDecision::ReadKernelOf(Fitted& fitted, std::size_t support) {
  const Value* kernel = fitted.Require("kernel");
  if (kernel == nullptr) return;
  if (!kernel->IsText()) {
    return fitted.Fail(
        "its kernel is a Python function, which cannot be read; use a kernel by name");
  }
  if (kernel->text == "precomputed") {
    inputs_ = fitted.Inputs();
    std::vector<std::size_t> columns;
    for (std::int64_t column : fitted.Ints("support_")) {
      if (column < 0 || static_cast<std::size_t>(column) >= inputs_) {
        return fitted.FailFor("support_", "names a column that is not there");
      }
      columns.push_back(static_cast<std::size_t>(column));
    }
    if (columns.size() != support) fitted.FailFor("support_", "is not one for each coefficient");
    kernel_ = Kernel(std::move(columns), support);
    return;
  }
  const KernelFunction function = ReadKernelFunction(fitted, kernel->text, 1);
  if (support == 0) {
    inputs_ = fitted.Inputs();  // only the parameter tells the width
    terms_.clear();
  } else if (function.type == KernelType::kLinear) {
    Collapse(fitted, support);
  } else {
    kernel_ = ReadKernelRows(fitted, "support_vectors_", function);
    inputs_ = fitted.ok() ? fitted.Inputs(kernel_.columns()) : 0;
    if (fitted.ok() && kernel_.size() != support) {
      fitted.FailFor("support_vectors_", "are not one for each coefficient");
    }
  }
}

void SvmDecision::Collapse(Fitted& fitted, std::size_t support) {
  SparseMatrix vectors;
  const Value* value = fitted.Require("support_vectors_");
  if (value == nullptr) return;
  std::size_t width = 0;
  if (value->Is(Kind::kObject)) {
    vectors = ReadCsr(fitted, *value, "support_vectors_", width);
  } else {
    const Matrix dense = fitted.ReadMatrix(*value, "support_vectors_");
    width = dense.columns;
    vectors.Clear();
    AppendSparse(Rows{dense.data.data(), dense.rows, dense.columns, 0}, vectors);
  }
  inputs_ = fitted.Inputs(width);
  if (fitted.ok() && vectors.rows() != support) {
    fitted.FailFor("support_vectors_", "are not one for each coefficient");
  }
  if (!fitted.limits().Charge(outputs() * width * sizeof(double))) {
    fitted.Fail("it is too large for its file");
  }
  if (!fitted.ok()) return;
  weights_.assign(outputs() * width, 0.0);
  const SparseRows rows = vectors.View(width, 0);
  for (const Term& term : terms_) {
    double* weights = &weights_[term.output * width];
    for (std::size_t s = 0; s < term.count; ++s) {
      const double coefficient = coefficients_[term.coefficient + s];
      const std::size_t row = term.first + s;
      for (std::size_t at = rows.starts[row]; at < rows.starts[row + 1]; ++at) {
        weights[rows.columns[at]] += coefficient * rows.values[at];
      }
    }
  }
  terms_.clear();
}

void SvmDecision::Sum(const double* values, std::size_t count, double* out) const {
  for (std::size_t i = 0; i < count; ++i) {
    double* decisions = out + i * outputs();
    std::copy(intercepts_.begin(), intercepts_.end(), decisions);
    const double* row = values + i * kernel_.size();
    for (const Term& term : terms_) {
      decisions[term.output] += Dot(&coefficients_[term.coefficient], row + term.first, term.count);
    }
  }
}

void SvmDecision::Compute(Rows rows, double* out, Scratch& scratch) const {
  if (!weights_.empty()) {
    return Affine(rows, weights_.data(), intercepts_.data(), outputs(), out);
  }
  const std::size_t step = kernel_.RowsAtOnce();
  Scratch::Frame frame(scratch);
  double* values = frame.Take<double>(step * kernel_.size());
  for (std::size_t at = 0; at < rows.count; at += step) {
    const Rows part{rows.row(at), std::min(step, rows.count - at), rows.width, rows.first + at};
    kernel_.Compute(part, values, scratch);
    Sum(values, part.count, out + at * outputs());
  }
}

void SvmDecision::Compute(const SparseRows& rows, double* out, Scratch& scratch) const {
  if (!weights_.empty()) {
    return Affine(rows, weights_.data(), intercepts_.data(), outputs(), out);
  }
  Scratch::Frame frame(scratch);
  double* values = frame.Take<double>(kernel_.size());
  for (std::size_t i = 0; i < rows.count; ++i) {
    SparseRows row = rows;
    row.starts += i;
    row.count = 1;
    row.first += i;
    kernel_.Compute(row, values, scratch);
    Sum(values, 1, out + i * outputs());
  }
}

}  // namespace plinth::sklearn
