// A classifier that scores X @ coef_.T + intercept_: one score for two classes, one a class for
// more; for other families that end in one.
#pragma once

#include <cstdint>

#include "estimators/fitted.h"

namespace plinth::sklearn {

// How predict_proba makes probabilities of scores.
enum class Link : std::uint8_t {
  kNone,           // there is no predict_proba
  kOneVersusRest,  // the sigmoid of each score, divided by their sum
  kSoftmax,        // softmax over the scores; over (-score, score) for two classes
  kModifiedHuber,  // (clip(score, -1, 1) + 1) / 2, divided by their sum
};

// Reads coef_, intercept_ and classes_. Null after a failure.
EstimatorPtr ReadLinearClassifier(Fitted& fitted, Link link);

}  // namespace plinth::sklearn
