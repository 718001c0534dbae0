// How the pixels of a scaled row or column are made of those of the original.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/settings.h"

namespace plinth::image {

// Element i of the result is the sum over k < count[i] of weights[i * taps + k] times element
// first[i] + k of the original. Weights of one element sum to 1.
struct Axis {
  std::size_t taps = 0;
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> count;
  std::vector<float> weights;
  std::vector<std::int32_t> fixed;  // the same, of 1 << kFixedBits
};

// 255 times 1 << kFixedBits, with a little more for weights that were rounded up, fits 31 bits.
inline constexpr int kFixedBits = 22;

// Elements `begin` to `begin + length` of `original` elements scaled to `scaled`.
Axis MakeAxis(Interpolation interpolation, std::int64_t original, std::int64_t scaled,
              std::int64_t begin, std::int64_t length);

}  // namespace plinth::image
