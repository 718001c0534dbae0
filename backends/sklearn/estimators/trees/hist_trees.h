// The fitted trees of HistGradientBoosting*, as a TreeSet over float64.
#pragma once

#include <cstddef>

#include "estimators/trees/tree_set.h"

namespace plinth::sklearn {

// Categories are numbers up to this.
inline constexpr std::size_t kHistCategories = 256;

// Reads _predictors, a list of `per_iteration` trees for each iteration, in order. Fails in
// `fitted` if they are not there.
TreeSet<double> ReadHistTrees(Fitted& fitted, std::size_t inputs, std::size_t per_iteration);

}  // namespace plinth::sklearn
