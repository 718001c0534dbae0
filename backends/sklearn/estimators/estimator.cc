#include "estimators/estimator.h"

#include <algorithm>
#include <utility>

namespace plinth::sklearn {

Estimator::Estimator(Traits traits) : traits_(std::move(traits)) {
  traits_.widest =
      std::max({traits_.widest, traits_.inputs, traits_.outputs, traits_.classes.size()});
}

Status Estimator::CheckFinite(Rows rows, bool allow_nan) const {
  const OddPlace place = FindOddity(rows, allow_nan);
  if (place.oddity == Oddity::kNone) return {};
  const std::string where = " (row " + std::to_string(rows.first + place.row) + ", column " +
                            std::to_string(place.column) + ")";
  if (place.oddity == Oddity::kInfinity) {
    return Fail(Code::kInvalidArgument, "Input X contains infinity" + where + ". " + traits_.name +
                                            " accepts finite numbers only");
  }
  return Fail(Code::kInvalidArgument,
              "Input X contains NaN" + where + ". " + traits_.name +
                  " does not accept missing values; put an imputer before it in a Pipeline");
}

}  // namespace plinth::sklearn
