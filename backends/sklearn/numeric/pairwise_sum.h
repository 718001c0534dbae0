// Sums in the order of numpy's.
#pragma once

#include <cstddef>

namespace plinth::sklearn {

// What numpy.sum() makes of contiguous float64 numbers, to the last bit: eight running sums for up
// to 128 numbers, halves of more.
inline double PairwiseSum(const double* values, std::size_t n) {
  constexpr std::size_t kRunning = 8;
  constexpr std::size_t kBlock = 128;
  if (n < kRunning) {
    // numpy begins with -0, which is lost as soon as anything is added.
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += values[i];
    return sum;
  }
  if (n > kBlock) {
    std::size_t half = n / 2;
    half -= half % kRunning;
    return PairwiseSum(values, half) + PairwiseSum(values + half, n - half);
  }
  double r[kRunning];
  for (std::size_t j = 0; j < kRunning; ++j) r[j] = values[j];
  std::size_t i = kRunning;
  for (; i + kRunning <= n; i += kRunning) {
    for (std::size_t j = 0; j < kRunning; ++j) r[j] += values[i + j];
  }
  double sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
  for (; i < n; ++i) sum += values[i];
  return sum;
}

}  // namespace plinth::sklearn
