#include "numeric/special.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace plinth::sklearn {
namespace {

// A rational function of x: coefficients from the highest power down.
template <std::size_t N>
double Ratio(double x, const double (&numerator)[N], const double (&denominator)[N]) {
  double above = 0;
  double below = 0;
  for (std::size_t i = 0; i < N; ++i) {
    above = above * x + numerator[i];
    below = below * x + denominator[i];
  }
  return above / below;
}

// Wichura's algorithm AS 241 (PPND16) for the centre, |p - 1/2| <= 0.425.
double CentralQuantile(double q) {
  return q * Ratio(0.180625 - q * q,
                   {2.5090809287301226727e+3, 3.3430575583588128105e+4, 6.7265770927008700853e+4,
                    4.5921953931549871457e+4, 1.3731693765509461125e+4, 1.9715909503065514427e+3,
                    1.3314166789178437745e+2, 3.3871328727963666080e+0},
                   {5.2264952788528545610e+3, 2.8729085735721942674e+4, 3.9307895800092710610e+4,
                    2.1213794301586595867e+4, 5.3941960214247511077e+3, 6.8718700749205790830e+2,
                    4.2313330701600911252e+1, 1.0});
}

// The same for a tail: the quantile of a small p, with its sign turned. Beyond the range of the
// rational function (p < 1e-11) it is only where Newton's iteration below starts.
double TailQuantile(double p) {
  const double r = std::sqrt(-std::log(p)) - 1.6;
  double x = Ratio(r,
                   {7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
                    1.27045825245236838258e+0, 3.64784832476320460504e+0, 5.76949722146069140550e+0,
                    4.63033784615654529590e+0, 1.42343711074968357734e+0},
                   {1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
                    1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940e+0,
                    2.05319162663775882187e+0, 1.0});
  if (p >= 1e-11) return x;
  for (int step = 0; step < 4; ++step) {
    const double tail = 0.5 * std::erfc(x / std::numbers::sqrt2);
    const double density = std::exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi);
    if (!(density > 0)) break;
    x += (tail - p) / density;
  }
  return x;
}

}  // namespace

double NormalQuantile(double p) {
  if (!(p >= 0 && p <= 1)) return std::numeric_limits<double>::quiet_NaN();
  if (p == 0) return -std::numeric_limits<double>::infinity();
  if (p == 1) return std::numeric_limits<double>::infinity();
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) return CentralQuantile(q);
  return q < 0 ? -TailQuantile(p) : TailQuantile(1 - p);
}

double Digamma(double x) {
  // The recurrence up to where the asymptotic series is exact.
  double shift = 0;
  while (x < 10) {
    shift -= 1 / x;
    x += 1;
  }
  const double r = 1 / (x * x);
  const double series =
      r * (1.0 / 12 - r * (1.0 / 120 -
                           r * (1.0 / 252 -
                                r * (1.0 / 240 - r * (1.0 / 132 - r * (691.0 / 32760 - r / 12))))));
  return shift + std::log(x) - 0.5 / x - series;
}

double LogSumExp(const double* values, std::size_t n) {
  const double largest = *std::max_element(values, values + n);
  if (!std::isfinite(largest)) return largest;
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += std::exp(values[i] - largest);
  return std::log(sum) + largest;
}

}  // namespace plinth::sklearn
