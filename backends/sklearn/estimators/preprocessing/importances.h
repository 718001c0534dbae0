// How much each feature matters to a fitted estimator: its coef_ or feature_importances_, of which
// scikit-learn computes the latter from the trees whenever it is asked.
#pragma once

#include <string_view>
#include <vector>

#include "estimators/fitted.h"

namespace plinth::sklearn {

// `getter`: "auto" or the path of an attribute. Several rows of coefficients are made one by their
// norm of that order. Fails in `fitted` if the estimator has neither.
std::vector<double> ReadImportances(Fitted& fitted, const Value& estimator, std::string_view getter,
                                    double norm_order);

}  // namespace plinth::sklearn
