// What an estimator may be given: rows of numbers, dense or sparse, or a table whose columns are
// numbers or strings. All of them are views.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include "base/status.h"
#include "estimators/traits.h"
#include "numeric/linear_algebra.h"
#include "numeric/scratch.h"
#include "numeric/sparse.h"

namespace plinth::sklearn {

// A column of a table. Exactly one of the pointers is set (unless there are no rows). A missing
// number is NaN; a missing string is one without data (IsMissing).
struct Column {
  const double* numbers = nullptr;
  std::size_t stride = 1;  // number i is numbers[i * stride]
  const std::string_view* texts = nullptr;

  ColumnType type() const { return texts ? ColumnType::kText : ColumnType::kNumber; }
  double number(std::size_t i) const { return numbers[i * stride]; }
  std::string_view text(std::size_t i) const { return texts[i]; }
};

inline bool IsMissing(std::string_view text) { return text.data() == nullptr; }

struct Table {
  std::span<const Column> columns;
  std::size_t count = 0;
  std::size_t first = 0;  // the index of row 0 in the caller's whole input: for error messages
};

class Batch {
 public:
  explicit Batch(Rows rows) : form_(rows) {}
  explicit Batch(const SparseRows& rows) : form_(rows) {}
  explicit Batch(const Table& table) : form_(table) {}

  // Null if it has another form.
  const Rows* dense() const { return std::get_if<Rows>(&form_); }
  const SparseRows* sparse() const { return std::get_if<SparseRows>(&form_); }
  const Table* table() const { return std::get_if<Table>(&form_); }

  std::size_t count() const;
  std::size_t width() const;
  std::size_t first() const;

 private:
  std::variant<Rows, SparseRows, Table> form_;
};

// The batch as dense numbers, in the frame's memory unless it is dense already. INVALID_ARGUMENT if
// a column holds strings.
Result<Rows> ToDense(const Batch& batch, Scratch::Frame& frame);

// The batch as sparse rows, likewise.
Result<SparseRows> ToSparse(const Batch& batch, Scratch::Frame& frame);

// The batch as a table.
Table ToTable(const Batch& batch, Scratch::Frame& frame);

// `count` rows from row `at` on. What has to be written for that goes to the frame.
Batch Slice(const Batch& batch, std::size_t at, std::size_t count, Scratch::Frame& frame);

// Whether there is a column of strings.
bool HoldsText(const Batch& batch);

// Some of the columns, in the order given; all must be below batch.width().
Batch Select(const Batch& batch, std::span<const std::size_t> columns, Scratch::Frame& frame);

}  // namespace plinth::sklearn
