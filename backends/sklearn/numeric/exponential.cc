#include "numeric/exponential.h"

#include <cstring>
#include <iterator>

#include "numeric/wide.h"

namespace plinth::sklearn {
namespace {

using Bits = long long __attribute__((vector_size(kLanes * sizeof(double)), may_alias));

// exp(x) = 2^k exp(r) with k = round(x / ln 2), so |r| <= ln(2) / 2, where thirteen terms of the
// series leave nothing that double precision could show. 2^k is applied in two halves, so that
// results below the normal range come out as they should.
[[gnu::always_inline]] inline void ExpLanes(Lanes& values) {
  // Adding it moves a number's integer part into the lowest bits of the mantissa.
  constexpr double kShift = 0x1.8p52;
  constexpr double kPerLog2 = 1.4426950408889634;
  constexpr double kLog2High = 0x1.62e42fefa38p-1;
  constexpr double kLog2Low = 0x1.ef35793c7673p-45;
  constexpr double kSmallest = -746;
  constexpr double kLargest = 710;
  constexpr double kSeries[] = {1.0 / 6227020800.0,
                                1.0 / 479001600.0,
                                1.0 / 39916800.0,
                                1.0 / 3628800.0,
                                1.0 / 362880.0,
                                1.0 / 40320.0,
                                1.0 / 5040.0,
                                1.0 / 720.0,
                                1.0 / 120.0,
                                1.0 / 24.0,
                                1.0 / 6.0,
                                0.5,
                                1.0,
                                1.0};
  Lanes x = values;
  x = x < kSmallest ? Lanes{} + kSmallest : x;
  x = x > kLargest ? Lanes{} + kLargest : x;
  const Lanes shifted = x * kPerLog2 + kShift;
  const Lanes k = shifted - kShift;
  const Lanes half = (k * 0.5 + kShift);
  const Lanes r = (x - k * kLog2High) - k * kLog2Low;
  Lanes sum = Lanes{} + kSeries[0];
  for (std::size_t i = 1; i < std::size(kSeries); ++i) sum = sum * r + kSeries[i];
  constexpr int kMantissa = 52;
  const Bits one = reinterpret_cast<const Bits&>(static_cast<const Lanes&>(Lanes{} + 1.0));
  const Bits first = reinterpret_cast<const Bits&>(half) << kMantissa;
  const Bits both = reinterpret_cast<const Bits&>(shifted) << kMantissa;
  const Bits low = first + one;
  const Bits high = (both - first) + one;
  values = sum * reinterpret_cast<const Lanes&>(low) * reinterpret_cast<const Lanes&>(high);
}

}  // namespace

PLINTH_WIDE void ExpScaled(double* values, std::size_t n, double scale) {
  for (std::size_t at = 0; at < n; at += kLanes) {
    const std::size_t used = n - at < kLanes ? n - at : kLanes;
    Lanes lanes = {};
    if (used == kLanes) {
      std::memcpy(&lanes, values + at, sizeof(lanes));
      lanes *= scale;
      ExpLanes(lanes);
      std::memcpy(values + at, &lanes, sizeof(lanes));
    } else {
      std::memcpy(&lanes, values + at, used * sizeof(double));
      lanes *= scale;
      ExpLanes(lanes);
      std::memcpy(values + at, &lanes, used * sizeof(double));
    }
  }
}

PLINTH_WIDE void Sigmoids(double* values, std::size_t n) {
  ExpScaled(values, n, -1);
  for (std::size_t i = 0; i < n; ++i) values[i] = 1 / (1 + values[i]);
}

}  // namespace plinth::sklearn
