// Some of the columns of X, as they stand: what all feature selectors come to.
#pragma once

#include <cstddef>
#include <vector>

#include "estimators/fitted.h"

namespace plinth::sklearn {

// `support` says for each column whether it is kept. Fails in `fitted` (and gives null) if none is.
EstimatorPtr MakeColumnSubset(Fitted& fitted, const std::vector<bool>& support, bool allow_nan);

}  // namespace plinth::sklearn
