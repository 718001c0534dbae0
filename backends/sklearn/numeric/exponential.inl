// The exponential function. Included for each width by exponential.cc.
#include "numeric/lanes.inl"

using Bits = VectorOf<long long, kVectorBytes>::Type;

// exp(x) = 2^k exp(r) with k = round(x / ln 2), so |r| <= ln(2) / 2, where thirteen terms of the
// series leave nothing that double precision could show. 2^k is applied in two halves, so that
// results below the normal range come out as they should.
[[gnu::always_inline]] inline void Exp(Vector& values) {
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
  Vector x = values;
  x = x < kSmallest ? Vector{} + kSmallest : x;
  x = x > kLargest ? Vector{} + kLargest : x;
  const Vector shifted = x * kPerLog2 + kShift;
  const Vector k = shifted - kShift;
  const Vector half = (k * 0.5 + kShift);
  const Vector r = (x - k * kLog2High) - k * kLog2Low;
  Vector sum = Vector{} + kSeries[0];
  for (std::size_t i = 1; i < sizeof(kSeries) / sizeof(kSeries[0]); ++i) sum = sum * r + kSeries[i];
  constexpr int kMantissa = 52;
  const Bits one = reinterpret_cast<const Bits&>(static_cast<const Vector&>(Vector{} + 1.0));
  const Bits first = reinterpret_cast<const Bits&>(half) << kMantissa;
  const Bits both = reinterpret_cast<const Bits&>(shifted) << kMantissa;
  const Bits low = first + one;
  const Bits high = (both - first) + one;
  values = sum * reinterpret_cast<const Vector&>(low) * reinterpret_cast<const Vector&>(high);
}

void ExpOfScaled(double* values, std::size_t n, double scale) {
  for (std::size_t at = 0; at < n; at += kLanes) {
    const std::size_t used = n - at < kLanes ? n - at : kLanes;
    double last[kLanes] = {};
    if (used < kLanes) __builtin_memcpy(last, values + at, used * sizeof(double));
    Lanes lanes = LoadLanes(used < kLanes ? last : values + at);
#pragma GCC unroll 4
    for (std::size_t p = 0; p < kParts; ++p) {
      lanes.parts[p] *= scale;
      Exp(lanes.parts[p]);
    }
    StoreLanes(lanes, values + at, used);
  }
}
