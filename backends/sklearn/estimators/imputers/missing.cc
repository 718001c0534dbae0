#include "estimators/imputers/missing.h"

namespace plinth::sklearn {

Marker ReadMarker(Fitted& fitted) {
  const Value* value = fitted.Find("missing_values");
  if (value == nullptr || value->IsNone()) return {};
  if (value->IsText()) {
    // "NaN" is how versions before 0.20 wrote it.
    if (value->text != "NaN") {
      fitted.Fail("'missing_values' is a str; only numeric data is supported");
    }
    return {};
  }
  const double number = fitted.Number("missing_values", 0);
  return Marker{std::isnan(number), number};
}

std::vector<std::size_t> ReadIndicatorColumns(Fitted& indicator, std::size_t inputs) {
  std::vector<std::size_t> columns;
  for (std::int64_t column : indicator.Ints("features_")) {
    if (column < 0 || static_cast<std::size_t>(column) >= inputs) {
      indicator.Fail("'features_' names a column that is not there");
    }
    columns.push_back(static_cast<std::size_t>(column));
  }
  return columns;
}

std::vector<std::size_t> ReadAddedIndicator(Fitted& fitted, std::size_t inputs) {
  if (!fitted.Flag("add_indicator", false)) return {};
  const Value* indicator = fitted.Require("indicator_");
  if (indicator == nullptr) return {};
  Fitted part = fitted.Part(*indicator);
  std::vector<std::size_t> columns = ReadIndicatorColumns(part, inputs);
  if (!part.ok()) fitted.Fail(part.error().message);
  return columns;
}

double* Mark(const Marker& marker, const std::vector<std::size_t>& columns, const double* row,
             double* to) {
  for (std::size_t column : columns) *to++ = marker.Matches(row[column]) ? 1.0 : 0.0;
  return to;
}

}  // namespace plinth::sklearn
