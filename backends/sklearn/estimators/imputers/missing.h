// What imputers share: which values are missing, and the columns that tell where they were.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "estimators/fitted.h"

namespace plinth::sklearn {

// What counts as missing: NaN, or one number.
struct Marker {
  bool is_nan = true;
  double number = 0;

  bool Matches(double x) const { return is_nan ? std::isnan(x) : x == number; }
};

// missing_values. Fails in `fitted` if it is not a number.
Marker ReadMarker(Fitted& fitted);

// features_ of a MissingIndicator: the columns whose missing values it tells of.
std::vector<std::size_t> ReadIndicatorColumns(Fitted& indicator, std::size_t inputs);

// The same of an imputer's own indicator_; empty if add_indicator is off.
std::vector<std::size_t> ReadAddedIndicator(Fitted& fitted, std::size_t inputs);

// Writes 0 or 1 for each of the columns; returns what follows them.
double* Mark(const Marker& marker, const std::vector<std::size_t>& columns, const double* row,
             double* to);

}  // namespace plinth::sklearn
