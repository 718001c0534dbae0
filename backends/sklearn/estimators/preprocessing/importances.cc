#include "estimators/preprocessing/importances.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "boosting/importances.h"
#include "estimators/sparse_state.h"
#include "estimators/trees/sklearn_tree.h"

namespace plinth::sklearn {
namespace {

double Norm(const std::vector<double>& column, double order) {
  if (order == std::numeric_limits<double>::infinity()) return std::ranges::max(column);
  if (order == -std::numeric_limits<double>::infinity()) return std::ranges::min(column);
  double sum = 0;
  for (double x : column) sum += order == 0 ? (x != 0 ? 1 : 0) : std::pow(x, order);
  if (order == 2) return std::sqrt(sum);
  return order == 0 || order == 1 ? sum : std::pow(sum, 1 / order);
}

std::vector<double> FromCoefficients(Fitted& estimator, double norm_order) {
  const Matrix matrix = ReadMaybeSparse(estimator, "coef_");
  std::vector<double> importances;
  if (!estimator.ok() || matrix.rows == 0) return importances;
  std::vector<double> column(matrix.rows);
  for (std::size_t j = 0; j < matrix.columns; ++j) {
    for (std::size_t i = 0; i < matrix.rows; ++i) {
      column[i] = std::abs(matrix.data[i * matrix.columns + j]);
    }
    importances.push_back(matrix.is_vector ? column[0] : Norm(column, norm_order));
  }
  return importances;
}

void Divide(std::vector<double>& values, double by) {
  for (double& value : values) value /= by;
}

double Sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

void AddUp(const std::vector<double>& values, double weight, std::vector<double>& to) {
  for (std::size_t j = 0; j < values.size(); ++j) to[j] += weight * values[j];
}

// By how much the splits on each feature lower the impurity of one tree. Empty if it has no split.
std::vector<double> OfTree(Fitted& estimator, const Value& tree, std::size_t features) {
  const auto left = ReadNodeField(estimator, tree, "left_child");
  const auto right = ReadNodeField(estimator, tree, "right_child");
  const auto feature = ReadNodeField(estimator, tree, "feature");
  const auto impurity = ReadNodeNumbers(estimator, tree, "impurity");
  const auto weight = ReadNodeNumbers(estimator, tree, "weighted_n_node_samples");
  if (!estimator.ok() || left.size() < 2) return {};
  std::vector<double> importances(features, 0.0);
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i] < 0) continue;
    if (std::cmp_greater_equal(left[i], left.size()) || right[i] < 0 ||
        std::cmp_greater_equal(right[i], left.size()) || feature[i] < 0 ||
        std::cmp_greater_equal(feature[i], features)) {
      estimator.Fail("its tree refers to nodes or features that are not there");
      return {};
    }
    const auto l = static_cast<std::size_t>(left[i]);
    const auto r = static_cast<std::size_t>(right[i]);
    importances[static_cast<std::size_t>(feature[i])] +=
        weight[i] * impurity[i] - weight[l] * impurity[l] - weight[r] * impurity[r];
  }
  Divide(importances, weight[0]);
  return importances;
}

// The same, with 1 as the sum.
std::vector<double> OfTreeNormalised(Fitted& estimator, const Value& tree, std::size_t features) {
  std::vector<double> importances = OfTree(estimator, tree, features);
  const double sum = Sum(importances);
  if (sum > 0) Divide(importances, sum);
  return importances;
}

// The trees of an ensemble, whose list may also be an array of several trees a stage.
std::vector<const Value*> TreesOf(Fitted& ensemble) {
  std::vector<const Value*> trees;
  const Value* list = ensemble.Require("estimators_");
  if (list == nullptr) return trees;
  const auto add = [&](const Value* estimator) {
    const Value* tree = estimator->Attribute("tree_");
    if (tree == nullptr) ensemble.FailFor("estimators_", "are not trees");
    trees.push_back(tree);
  };
  for (const Value* item : list->items) add(item);
  if (list->Is(Kind::kArray) && list->array) {
    for (const Value* item : list->array->objects) add(item);
  }
  if (trees.empty()) ensemble.FailFor("estimators_", "are not trees");
  return trees;
}

// Their mean over the trees that have a split, with 1 as its sum.
std::vector<double> OfTrees(Fitted& ensemble, std::size_t features, bool each_normalised) {
  std::vector<double> mean(features, 0.0);
  double count = 0;
  for (const Value* tree : TreesOf(ensemble)) {
    if (!ensemble.ok()) return {};
    const std::vector<double> one = each_normalised ? OfTreeNormalised(ensemble, *tree, features)
                                                    : OfTree(ensemble, *tree, features);
    if (one.empty()) continue;
    AddUp(one, 1.0, mean);
    ++count;
  }
  if (count == 0) return mean;
  Divide(mean, count);
  Divide(mean, Sum(mean));
  return mean;
}

// AdaBoost: weighted by what each tree has to say.
std::vector<double> OfWeightedTrees(Fitted& ensemble, std::size_t features) {
  const std::vector<const Value*> trees = TreesOf(ensemble);
  const std::vector<double> weights = ensemble.Vector("estimator_weights_");
  if (ensemble.ok() && weights.size() < trees.size()) {
    ensemble.FailFor("estimator_weights_", "are fewer than the trees");
  }
  std::vector<double> sum(features, 0.0);
  for (std::size_t k = 0; ensemble.ok() && k < trees.size(); ++k) {
    AddUp(OfTreeNormalised(ensemble, *trees[k], features), weights[k], sum);
  }
  Divide(sum, Sum(weights));
  return sum;
}

std::vector<double> FromTrees(Fitted& estimator) {
  if (IsBoosted(estimator)) return BoostedImportances(estimator);
  const std::string_view name = estimator.class_name();
  const std::size_t features = estimator.Inputs();
  if (!estimator.ok()) return {};
  if (const Value* tree = estimator.Find("tree_")) {
    std::vector<double> importances = OfTreeNormalised(estimator, *tree, features);
    importances.resize(features);
    return importances;
  }
  if (name.starts_with("RandomForest") || name.starts_with("ExtraTrees")) {
    return OfTrees(estimator, features, true);
  }
  if (name.starts_with("GradientBoosting")) return OfTrees(estimator, features, false);
  if (name.starts_with("AdaBoost")) return OfWeightedTrees(estimator, features);
  estimator.Fail(
      "features are chosen by how much they matter to it, which cannot be told from its state; "
      "estimators with a coef_, the trees, forests, GradientBoosting and AdaBoost of scikit-learn, "
      "and the estimators of XGBoost and LightGBM are supported");
  return {};
}

// One step of a path: an attribute, or a step of a pipeline behind "named_steps".
const Value* Follow(const Value& object, std::string_view name) {
  if (object.Is(Kind::kObject)) {
    return object.Attribute(name == "named_steps" ? "steps" : name);
  }
  for (const Value* step : object.items) {
    if (!step->IsSequence() || step->items.size() != 2 || !step->items[0]->IsText()) continue;
    if (step->items[0]->text == name) return step->items[1];
  }
  return nullptr;
}

}  // namespace

std::vector<double> ReadImportances(Fitted& fitted, const Value& estimator, std::string_view getter,
                                    double norm_order) {
  const Value* holder = &estimator;
  std::size_t dot = getter.find('.');
  for (; dot != std::string_view::npos && holder; dot = getter.find('.')) {
    holder = Follow(*holder, getter.substr(0, dot));
    getter.remove_prefix(dot + 1);
  }
  if (holder == nullptr) {
    fitted.FailFor("importance_getter", "names something that is not there");
    return {};
  }
  Fitted part = fitted.Part(*holder);
  std::vector<double> importances;
  if (getter == "coef_" || (getter == "auto" && part.Has("coef_"))) {
    importances = FromCoefficients(part, norm_order);
  } else if (getter == "auto" || getter == "feature_importances_") {
    importances = FromTrees(part);
  } else {
    part.Fail("'importance_getter' must be 'auto', or lead to coef_ or feature_importances_");
  }
  if (!part.ok()) fitted.Fail(part.error().message);
  return importances;
}

}  // namespace plinth::sklearn
