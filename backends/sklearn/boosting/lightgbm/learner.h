// A LightGBM model as its text holds it, ready to give raw scores.
//
// Everything is double, and a row's scores are summed up tree by tree, as LightGBM does it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "boosting/category_names.h"
#include "boosting/lightgbm/objective.h"
#include "boosting/lightgbm/tree.h"

namespace plinth::sklearn::lightgbm {

class Learner {
 public:
  // Reads the model's text. Nothing if that fails in `fitted`. `iterations`: how many are used; 0:
  // all of them.
  static std::optional<Learner> Read(Fitted& fitted, std::string_view text, std::size_t iterations);

  std::size_t inputs() const { return trees_.inputs(); }
  // Of the columns; empty if it was trained without.
  const std::vector<std::string>& names() const { return names_; }
  // What clients call categories. To be taken once.
  CategoryNames TakeCategories() { return std::move(categories_); }
  // Scores a row.
  std::size_t groups() const { return groups_; }

  // The raw scores of rows: [rows, groups].
  void Scores(Rows rows, double* scores, Scratch& scratch) const;
  // A row's raw scores to what predict() gives, in place.
  void Transform(double* scores) const;

 private:
  explicit Learner(std::size_t inputs) : columns_(inputs), trees_(inputs, 1) {}

  std::size_t groups_ = 1;
  double divisor_ = 1;  // of the sums: a random forest gives means
  Objective objective_;
  Columns columns_;
  TreeSet<double> trees_;
  std::vector<std::string> names_;
  CategoryNames categories_;
  LinearLeaves linear_;  // no leaves, unless the trees have linear models in them
};

}  // namespace plinth::sklearn::lightgbm
