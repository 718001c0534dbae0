// What classifiers answer that compute a joint log-likelihood, log P(x, class), of each class.
#pragma once

#include <cstddef>

#include "estimators/estimator.h"

namespace plinth::sklearn {

// From joint [rows, classes]: labels, the class of the largest; probabilities, their softmax, or
// its logarithms.
// `joint` may be where the probabilities go.
void AnswerLikelihoods(const double* joint, std::size_t rows, std::size_t classes,
                       const Outputs& out);

}  // namespace plinth::sklearn
