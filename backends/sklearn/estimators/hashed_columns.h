// A sparse row of features that are placed by their hashes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "estimators/fitted.h"
#include "numeric/sparse.h"

namespace plinth::sklearn {

// Keeps its memory from row to row.
class HashedColumns {
 public:
  // With `alternate_sign`, a feature's hash also says whether it is added or taken away.
  void Begin(std::size_t width, bool alternate_sign);

  // Adds to the feature's column. A feature of value 0 is not there.
  void Add(std::string_view feature, double value);

  // One value a column from now on, the columns rising. Those that cancel out stay, as zeros.
  void Sum();

  std::vector<double>& values() { return values_; }
  void AppendTo(SparseMatrix& out) const;

 private:
  std::size_t width_ = 1;
  bool alternate_sign_ = true;
  std::vector<std::pair<std::int32_t, double>> added_;
  std::vector<std::int32_t> columns_;
  std::vector<double> values_;
};

// The parameter n_features.
std::size_t ReadHashedWidth(Fitted& fitted);

}  // namespace plinth::sklearn
