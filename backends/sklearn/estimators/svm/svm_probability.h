// libsvm's probabilities: a sigmoid for each pair of classes (Platt), coupled to one distribution
// by the second method of Wu, Lin and Weng.
#pragma once

#include <cstddef>

#include "numeric/scratch.h"

namespace plinth::sklearn {

// `decisions`, `a` and `b` have one number for each pair of classes; `out` one a class.
void CouplePairs(const double* decisions, const double* a, const double* b, std::size_t classes,
                 double* out, Scratch& scratch);

}  // namespace plinth::sklearn
