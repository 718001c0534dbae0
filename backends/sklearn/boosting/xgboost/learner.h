// An XGBoost model as its JSON or UBJSON holds it, ready to give margins.
//
// Everything is float32, and summed up in the order in which XGBoost does it: base score, then tree
// by tree (or feature by feature), so that margins are the same to the last bit.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "boosting/category_names.h"
#include "boosting/json_fields.h"
#include "boosting/xgboost/objective.h"
#include "boosting/xgboost/tree.h"
#include "estimators/trees/tree_set.h"

namespace plinth::sklearn::xgboost {

class Learner {
 public:
  // Reads the booster's bytes. Nothing if that fails in `fitted`. `scikit_learn`: whether they
  // belong to an estimator of the scikit-learn interface, which stops at early stopping's best
  // iteration; a model that such an estimator saved says so itself. `missing`: a number that is
  // missing as NaN is.
  static std::optional<Learner> Read(Fitted& fitted, std::string_view bytes, bool scikit_learn,
                                     float missing);

  std::size_t inputs() const { return inputs_; }
  // Margins a row: for each class and target.
  std::size_t groups() const { return base_.size(); }
  std::size_t targets() const { return targets_; }
  // num_class as it is written: 0 unless the objective has classes.
  std::size_t classes() const { return classes_; }
  const Objective& objective() const { return objective_; }
  // Of the columns; empty if it was trained without.
  const std::vector<std::string>& names() const { return names_; }
  // What clients call categories. To be taken once.
  CategoryNames TakeCategories() { return std::move(categories_); }
  // What XGBoost's scikit-learn interface wrote of itself, as JSON; empty if it did not write this.
  const std::string& scikit_learn() const { return scikit_learn_; }

  // The margins of rows: [rows, groups].
  void Margins(Rows rows, float* margins, Scratch& scratch) const;

 private:
  Learner() : trees_(0, 1) {}

  void ReadParameters(JsonFields learner);
  void ReadNames(JsonFields learner);
  void ReadBooster(JsonFields booster, JsonFields attributes, bool scikit_learn);
  void ReadTrees(JsonFields model, std::size_t count, const std::vector<LeafRule>& rules);
  void ReadLinear(JsonFields model);

  void SumTrees(Rows rows, float* margins, Scratch& scratch) const;
  void SumLinear(Rows rows, float* margins) const;
  bool IsMissing(float x) const { return x == missing_; }

  std::size_t inputs_ = 0;
  std::size_t classes_ = 0;
  std::size_t targets_ = 1;
  Objective objective_;
  std::vector<float> base_;
  float missing_ = std::numeric_limits<float>::quiet_NaN();
  std::string scikit_learn_;
  std::vector<std::string> names_;
  CategoryNames categories_;

  TreeSet<float> trees_;
  std::vector<std::uint32_t> group_of_;  // for each tree; not looked at where leaves are vectors
  std::vector<float> weights_;           // a linear model: [inputs + 1, groups], the biases last
};

}  // namespace plinth::sklearn::xgboost
