// Special functions that the C++ library lacks, to full double precision.
#pragma once

#include <cstddef>

namespace plinth::sklearn {

// The p-quantile of the standard normal distribution; infinite for 0 and 1, NaN outside of them.
double NormalQuantile(double p);

// The logarithmic derivative of the gamma function, for x > 0.
double Digamma(double x);

// log(sum(exp(values))), without overflow.
double LogSumExp(const double* values, std::size_t n);

}  // namespace plinth::sklearn
