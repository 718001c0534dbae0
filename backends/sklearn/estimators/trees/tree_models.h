// What is read of a classifier or regressor that is a tree or a forest.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "estimators/trees/sklearn_tree.h"

namespace plinth::sklearn {

struct TreeModel {
  Traits traits;
  TreeSet<float> trees;
  Accepts accepts;
};

// Calls add(tree) for each fitted tree, in order.
using ForEachTree = void (*)(Fitted& fitted, const std::function<void(const Value& tree)>& add);

// Nothing if reading failed in `fitted`. `nan_since` as for TreeAccepts(). A classifier's leaves
// hold the share of each class, those of several targets side by side.
std::optional<TreeModel> ReadTreeClassifier(Fitted& fitted, ForEachTree for_each, int nan_since);
std::optional<TreeModel> ReadTreeRegressor(Fitted& fitted, ForEachTree for_each, int nan_since);

// The most likely class of each target, from the probabilities of one row.
void ChooseLabels(const Traits& traits, const double* probabilities, std::int32_t* labels);

template <typename T>
EstimatorPtr MakeTreeEstimator(std::optional<TreeModel> model) {
  if (!model) return nullptr;
  return std::make_unique<T>(std::move(model->traits), std::move(model->trees), model->accepts);
}

}  // namespace plinth::sklearn
