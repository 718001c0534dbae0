// coef_ and intercept_, as all linear models have them.
#pragma once

#include <vector>

#include "estimators/fitted.h"

namespace plinth::sklearn {

struct LinearState {
  std::vector<double> weights;  // outputs x inputs, row-major
  std::vector<double> bias;     // one an output
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  bool flat = false;  // coef_ has one dimension: predictions are [n]
};

// Dense or, after sparsify(), a SciPy CSR matrix. Fails in `fitted` if the shapes do not agree.
LinearState ReadLinearState(Fitted& fitted);

}  // namespace plinth::sklearn
