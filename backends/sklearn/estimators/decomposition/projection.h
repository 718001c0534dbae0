// A projection on components: what the linear decompositions come to.
#pragma once

#include <vector>

#include "estimators/fitted.h"

namespace plinth::sklearn {

// ((X - mean) @ components.T + shift) / divisor. Vectors that are empty take no part.
struct Projection {
  Matrix components;            // outputs x inputs
  std::vector<double> mean;     // one an input
  std::vector<double> shift;    // one an output
  std::vector<double> divisor;  // one an output
  bool sigmoid = false;         // 1 / (1 + exp(-x)) of the result
};

// Fails in `fitted` (and gives null) if there are no components or their width is not the
// estimator's. Requires that the vectors fit the components.
EstimatorPtr MakeProjection(Fitted& fitted, Projection projection);

}  // namespace plinth::sklearn
