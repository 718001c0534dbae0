#include "estimators/hashed_columns.h"

#include <algorithm>
#include <limits>

#include "text/murmur_hash.h"

namespace plinth::sklearn {

void HashedColumns::Begin(std::size_t width, bool alternate_sign) {
  width_ = width;
  alternate_sign_ = alternate_sign;
  added_.clear();
  columns_.clear();
  values_.clear();
}

void HashedColumns::Add(std::string_view feature, double value) {
  if (value == 0) return;
  const std::int64_t hash = MurmurHash3(feature, 0);
  const auto magnitude = static_cast<std::size_t>(hash < 0 ? -hash : hash);
  const double sign = alternate_sign_ && hash < 0 ? -1 : 1;
  added_.emplace_back(static_cast<std::int32_t>(magnitude % width_), sign * value);
}

void HashedColumns::Sum() {
  // Stable: values of one column are added in the order in which they came.
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

void HashedColumns::AppendTo(SparseMatrix& out) const {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    out.Add(static_cast<std::size_t>(columns_[i]), values_[i]);
  }
  out.EndRow();
}

std::size_t ReadHashedWidth(Fitted& fitted) {
  const double width = fitted.Number("n_features", 1 << 20);
  if (width >= 1 && width <= static_cast<double>(ReadLimits::kMaxColumns)) {
    return static_cast<std::size_t>(width);
  }
  fitted.FailFor("n_features", "is not between 1 and " + std::to_string(ReadLimits::kMaxColumns));
  return 1;
}

}  // namespace plinth::sklearn
