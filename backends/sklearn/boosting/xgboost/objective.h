// What an XGBoost objective makes of a row's margins, in float32 as XGBoost computes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "estimators/fitted.h"

namespace plinth::sklearn::xgboost {

enum class Link : std::uint8_t {
  kIdentity,
  kLogistic,
  kExponential,
  kHinge,    // 1 above 0, else 0
  kSoftmax,  // probabilities of classes
  kArgMax,   // the number of the class with the largest margin
};

struct Objective {
  Link link = Link::kIdentity;
  // Whether the base score is written as a probability or a mean, of which the margin is the
  // inverse link.
  bool base_is_transformed = false;

  // The margin that a written base score stands for.
  float BaseMargin(float base_score) const;
  // Margins of one row to what predict() gives, in place. kArgMax: as kIdentity.
  void Transform(float* margins, std::size_t width) const;
};

// Fails in `fitted` if the objective is not known.
Objective ReadObjective(Fitted& fitted, std::string_view name);

void Softmax(float* margins, std::size_t width);

}  // namespace plinth::sklearn::xgboost
