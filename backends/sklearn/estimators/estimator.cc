#include "estimators/estimator.h"

namespace plinth::sklearn {

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
