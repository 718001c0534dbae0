// feature_importances_ of XGBoost's and LightGBM's estimators, which their libraries compute from
// the trees whenever they are asked.
#pragma once

#include <vector>

#include "estimators/fitted.h"

namespace plinth::sklearn {

// Whether it is an estimator of one of them.
bool IsBoosted(const Fitted& estimator);

// How much each feature matters, by the estimator's importance_type. Requires IsBoosted(). Fails in
// `estimator` if its trees do not say.
std::vector<double> BoostedImportances(Fitted& estimator);

}  // namespace plinth::sklearn
