// Transformers side by side, each on columns of its own: what FeatureUnion and ColumnTransformer
// share.
#pragma once

#include <string>
#include <vector>

#include "estimators/fitted.h"

namespace plinth::sklearn {

// One transformer, and what it is given and gives.
struct Branch {
  EstimatorPtr transformer;
  std::vector<std::size_t> columns;  // of X; empty: all of them, as they stand
  double weight = 1;                 // its results are multiplied by this
};

// The results of all branches, one beside the other. Fails in `fitted` (and gives null) if they
// become too wide.
EstimatorPtr MakeSideBySide(Fitted& fitted, std::size_t inputs, std::vector<Branch> branches);

}  // namespace plinth::sklearn
