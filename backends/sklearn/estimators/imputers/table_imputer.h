// SimpleImputer for tables in which some columns hold strings.
#pragma once

#include "estimators/fitted.h"

namespace plinth::sklearn {

// Whether a SimpleImputer has strings among the values that it puts in.
bool ImputesText(const Fitted& fitted);

EstimatorPtr ReadTableImputer(Fitted& fitted);

}  // namespace plinth::sklearn
