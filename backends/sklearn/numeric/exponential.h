// The exponential function of many numbers at once.
#pragma once

#include <cstddef>

namespace plinth::sklearn {

// values[i] = exp(scale * values[i]), to within two units in the last place. NaN stays NaN.
void ExpScaled(double* values, std::size_t n, double scale);

// values[i] = 1 / (1 + exp(-values[i]))
void Sigmoids(double* values, std::size_t n);

}  // namespace plinth::sklearn
