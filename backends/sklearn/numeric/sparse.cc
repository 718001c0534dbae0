#include "numeric/sparse.h"

#include <algorithm>
#include <cmath>

namespace plinth::sklearn {

void ToDense(const SparseRows& rows, double* to) {
  std::fill_n(to, rows.count * rows.width, 0.0);
  for (std::size_t i = 0; i < rows.count; ++i, to += rows.width) {
    for (std::size_t at = rows.starts[i]; at < rows.starts[i + 1]; ++at) {
      to[rows.columns[at]] = rows.values[at];
    }
  }
}

void Append(const SparseRows& rows, SparseMatrix& to) {
  for (std::size_t i = 0; i < rows.count; ++i) {
    for (std::size_t at = rows.starts[i]; at < rows.starts[i + 1]; ++at) {
      to.Add(static_cast<std::size_t>(rows.columns[at]), rows.values[at]);
    }
    to.EndRow();
  }
}

void AppendSparse(Rows rows, SparseMatrix& to) {
  for (std::size_t i = 0; i < rows.count; ++i) {
    const double* row = rows.row(i);
    for (std::size_t j = 0; j < rows.width; ++j) {
      if (row[j] != 0) to.Add(j, row[j]);
    }
    to.EndRow();
  }
}

void Affine(const SparseRows& rows, const double* weights, const double* bias, std::size_t outputs,
            double* out) {
  for (std::size_t i = 0; i < rows.count; ++i) {
    for (std::size_t j = 0; j < outputs; ++j) {
      const double* of = weights + j * rows.width;
      double sum = 0;
      for (std::size_t at = rows.starts[i]; at < rows.starts[i + 1]; ++at) {
        sum += rows.values[at] * of[rows.columns[at]];
      }
      *out++ = sum + bias[j];
    }
  }
}

void SparseAffine::Run(const SparseRows& rows, const double* weights, const double* bias,
                       std::size_t outputs, double* out) const {
  if (outputs == 1) return Affine(rows, weights, bias, outputs, out);
  std::call_once(once_, [&] {
    by_column_.resize(rows.width * outputs);
    for (std::size_t j = 0; j < outputs; ++j) {
      for (std::size_t column = 0; column < rows.width; ++column) {
        by_column_[column * outputs + j] = weights[j * rows.width + column];
      }
    }
  });
  for (std::size_t i = 0; i < rows.count; ++i, out += outputs) {
    std::fill_n(out, outputs, 0.0);
    for (std::size_t at = rows.starts[i]; at < rows.starts[i + 1]; ++at) {
      const double value = rows.values[at];
      const double* of = &by_column_[static_cast<std::size_t>(rows.columns[at]) * outputs];
      for (std::size_t j = 0; j < outputs; ++j) out[j] += value * of[j];
    }
    for (std::size_t j = 0; j < outputs; ++j) out[j] += bias[j];
  }
}

OddPlace FindOddity(const SparseRows& rows, bool allow_nan) {
  for (std::size_t i = 0; i < rows.count; ++i) {
    for (std::size_t at = rows.starts[i]; at < rows.starts[i + 1]; ++at) {
      const double value = rows.values[at];
      if (std::isfinite(value) || (allow_nan && std::isnan(value))) continue;
      return {std::isnan(value) ? Oddity::kNaN : Oddity::kInfinity, i,
              static_cast<std::size_t>(rows.columns[at])};
    }
  }
  return {};
}

}  // namespace plinth::sklearn
