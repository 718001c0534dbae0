// Boosters that were trained on categories of pandas: clients give a category by its name, the
// trees have its number.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "boosting/json_fields.h"
#include "estimators/estimator.h"
#include "estimators/fitted.h"
#include "estimators/preprocessing/categories.h"

namespace plinth::sklearn {

// The categories of the columns that have them, by name; without any, numbers are given.
class CategoryNames {
 public:
  bool empty() const { return columns_.empty(); }

  // Those of a LightGBM model: what its text says behind the trees. They belong to the columns that
  // it calls categorical; where these are not as many, the categories stay numbers.
  static CategoryNames OfLightgbm(Fitted& fitted, std::string_view text, std::size_t width);
  // Those of an XGBoost model, since 3.1: its "cats".
  static CategoryNames OfXgboost(JsonFields model, std::size_t width);

  std::vector<ColumnType> Types(std::size_t width) const;

  // The batch with numbers in place of names, in the frame's memory. What is missing is NaN. A
  // category that is not known is too, or, if `must_know`, INVALID_ARGUMENT.
  Result<Rows> Encode(const Batch& batch, bool must_know, const std::string& title,
                      Scratch::Frame& frame) const;

 private:
  struct Named {
    std::size_t column;
    Categories categories;
  };

  void Add(Fitted& fitted, std::size_t column, std::size_t width, const Json& names);

  std::vector<Named> columns_;  // by column, rising
};

// The estimator that takes names; `model` itself where there are none.
EstimatorPtr TakeNames(EstimatorPtr model, CategoryNames names, bool must_know);

// The same, of a learner that has read the names of its categories.
template <typename Model, typename Learner>
EstimatorPtr TakeNames(Traits traits, Learner learner, bool must_know) {
  CategoryNames names = learner.TakeCategories();
  return TakeNames(std::make_unique<Model>(std::move(traits), std::move(learner)), std::move(names),
                   must_know);
}

}  // namespace plinth::sklearn
