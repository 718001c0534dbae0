// The trees of a LightGBM model.
//
// LightGBM compares doubles. What it does to a value before that depends on the feature: zero may
// stand for missing, and a category is a whole number. As all splits of a feature agree, Columns
// has it once for each, and does it to the rows that come.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "boosting/lightgbm/text.h"
#include "estimators/trees/tree_set.h"

namespace plinth::sklearn::lightgbm {

// What is done to a feature before it is compared.
class Columns {
 public:
  enum class Use : std::uint8_t { kNone, kNumber, kZeroIsMissing, kCategory };

  explicit Columns(std::size_t count) : uses_(count, Use::kNone) {}

  // Says that a split uses the feature in this way. Fails in `fitted` if others use it otherwise.
  void Require(Fitted& fitted, std::size_t feature, Use use);

  double Prepare(double x, std::size_t feature) const {
    // What is nearer to zero than LightGBM's float of that size is zero to it.
    constexpr double kZero = static_cast<double>(1e-35F);
    if (std::fabs(x) <= kZero) x = 0;
    switch (uses_[feature]) {
      case Use::kZeroIsMissing:
        return x == 0 ? std::numeric_limits<double>::quiet_NaN() : x;
      case Use::kCategory:
        return x > -1 && x < 0 ? 0 : x;  // the whole part of it
      default:
        return x;
    }
  }

 private:
  std::vector<Use> uses_;
};

// The leaves of trees that have linear models in them: const + sum of coefficient * feature, or
// `otherwise` if one of these features is NaN.
struct LinearLeaves {
  struct Leaf {
    double constant = 0;
    double otherwise = 0;
    std::size_t first = 0;  // of `features` and `coefficients`
    std::size_t count = 0;
  };

  std::vector<Leaf> leaves;
  std::vector<std::uint32_t> features;
  std::vector<double> coefficients;

  double Evaluate(const Leaf& leaf, const double* row) const;
};

// Reads a tree into the set. In a linear model a leaf's number is its index in `linear`, which is
// null for others. Fails in `fitted` if it is not such a tree.
void AddTree(Fitted& fitted, const Section& tree, TreeSet<double>& trees, Columns& columns,
             LinearLeaves* linear);

bool IsLinear(const Section& tree);

}  // namespace plinth::sklearn::lightgbm
