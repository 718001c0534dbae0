// Sparse matrices by rows (CSR).
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "numeric/linear_algebra.h"

namespace plinth::sklearn {

// A sparse matrix of `count` rows that someone else owns. Row i has its values at starts[i] up to
// starts[i + 1], each in a column of its own, below `width` and rising; what is not there is zero.
struct SparseRows {
  const double* values = nullptr;
  const std::int32_t* columns = nullptr;
  const std::size_t* starts = nullptr;  // count + 1 of them; the first need not be 0
  std::size_t count = 0;
  std::size_t width = 0;
  std::size_t first = 0;  // the index of row 0 in the caller's whole input: for error messages
};

// A sparse matrix that is built row by row. Keeps its memory when it is cleared.
class SparseMatrix {
 public:
  void Clear() {
    values_.clear();
    columns_.clear();
    starts_.assign(1, 0);
  }

  // Adds to the row that is being built. Columns must rise within a row.
  void Add(std::size_t column, double value) {
    columns_.push_back(static_cast<std::int32_t>(column));
    values_.push_back(value);
  }
  void EndRow() { starts_.push_back(values_.size()); }

  std::size_t rows() const { return starts_.size() - 1; }

  // Valid until the matrix is changed.
  SparseRows View(std::size_t width, std::size_t first) const {
    return {values_.data(), columns_.data(), starts_.data(), rows(), width, first};
  }

 private:
  std::vector<double> values_;
  std::vector<std::int32_t> columns_;
  std::vector<std::size_t> starts_ = {0};
};

// Writes the matrix to [count, width] numbers.
void ToDense(const SparseRows& rows, double* to);

// Appends rows as they are.
void Append(const SparseRows& rows, SparseMatrix& to);

// Appends dense rows to `to`, without their zeros.
void AppendSparse(Rows rows, SparseMatrix& to);

// The same as Affine() and FindOddity() for dense rows.
void Affine(const SparseRows& rows, const double* weights, const double* bias, std::size_t outputs,
            double* out);
OddPlace FindOddity(const SparseRows& rows, bool allow_nan);

// Affine() for weights of many outputs. Sparse rows meet them column by column, and so does this:
// on the first call it copies the weights, so that those of a column lie together.
class SparseAffine {
 public:
  // `weights` must be the same in every call; any number of threads may be in here.
  void Run(const SparseRows& rows, const double* weights, const double* bias, std::size_t outputs,
           double* out) const;

 private:
  mutable std::once_flag once_;
  mutable std::vector<double> by_column_;
};

}  // namespace plinth::sklearn
