// A sparse row that is put together from values in any order of the columns.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "numeric/sparse.h"

namespace plinth::sklearn {

// Keeps its memory from row to row.
class ColumnSums {
 public:
  void Begin() {
    added_.clear();
    columns_.clear();
    values_.clear();
  }

  void Add(std::int32_t column, double value) { added_.emplace_back(column, value); }

  // Makes one value of all in a column, the columns rising. Values that cancel out stay, as zeros.
  void Sum() {
    // Stable: the values of one column are added in the order in which they came.
    std::ranges::stable_sort(added_, {}, &std::pair<std::int32_t, double>::first);
    for (const auto& [column, value] : added_) {
      if (!columns_.empty() && columns_.back() == column) {
        values_.back() += value;
      } else {
        columns_.push_back(column);
        values_.push_back(value);
      }
    }
  }

  // After Sum().
  std::vector<double>& values() { return values_; }
  void AppendTo(SparseMatrix& out) const {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      out.Add(static_cast<std::size_t>(columns_[i]), values_[i]);
    }
    out.EndRow();
  }

 private:
  std::vector<std::pair<std::int32_t, double>> added_;
  std::vector<std::int32_t> columns_;
  std::vector<double> values_;
};

}  // namespace plinth::sklearn
