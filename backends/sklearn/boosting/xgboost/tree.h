// One tree of an XGBoost model.
#pragma once

#include "boosting/json_fields.h"
#include "estimators/trees/tree_set.h"

namespace plinth::sklearn::xgboost {

// What is done to a tree's leaves: ((leaf + base) - base) * weight. Not the same as leaf * weight,
// by rounding.
struct LeafRule {
  float base = 0;
  float weight = 1;
};

// Reads a tree into the set, whose leaves have one number, or one for each target. Fails in the
// fields' estimator if it is not such a tree.
void AddTree(JsonFields tree, LeafRule rule, TreeSet<float>& trees);

}  // namespace plinth::sklearn::xgboost
