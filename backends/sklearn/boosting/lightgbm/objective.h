// What a LightGBM objective makes of a row's raw sums, in double.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "estimators/fitted.h"

namespace plinth::sklearn::lightgbm {

struct Objective {
  enum class Link : std::uint8_t {
    kIdentity,
    kSignedSquare,  // of what was fitted to square roots
    kExponential,
    kLogistic,  // of each class by itself
    kSoftmax,
    kLog1pExp,
  };

  Link link = Link::kIdentity;
  double slope = 1;  // kLogistic: of the sigmoid

  void Transform(double* raw, std::size_t width) const;
};

// "binary sigmoid:1", as the model's header has it; empty: of the user's own, whose raw sums are
// given. Fails in `fitted` if it is not known.
Objective ReadObjective(Fitted& fitted, std::string_view text);

}  // namespace plinth::sklearn::lightgbm
