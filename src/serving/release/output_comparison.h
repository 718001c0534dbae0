// How far two versions' answers to the same request lie apart.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "tensor/tensor.h"

namespace plinth {

// Numbers of a regression are the same outcome if they differ by no more than this share of the
// larger of the two.
inline constexpr double kSameOutcome = 1e-2;

struct OutputComparison {
  // Why nothing could be compared: names, shapes or types differ. Else empty.
  std::string mismatch{};
  // Outcomes, and those in which the two agree.
  //   - Where outputs hold integers, BOOL or BYTES, they are what the model says, and floats beside
  //     them (probabilities) are not: an outcome is a row of these outputs together, and agrees if
  //     they are equal.
  //   - Else each row of floats along the last axis of an output of rank 2 or more, with at least
  //     two of them, is an outcome: scores of classes, which agree if the highest is the same one.
  //   - Else each float is one, and agrees if it is equal up to kSameOutcome.
  std::uint64_t outcomes = 0;
  std::uint64_t agreeing = 0;
  // Of the absolute differences of all floats. NaN beside NaN is no difference, NaN beside a number
  // an infinite one.
  double max_abs = 0;
  double sum_abs = 0;        // of those that are finite,
  std::uint64_t finite = 0;  // and how many they are

  bool agrees() const { return mismatch.empty() && agreeing == outcomes; }
};

// Compares the outputs of two versions, in any order. Takes time in proportion to their bytes.
OutputComparison CompareOutputs(std::span<const NamedTensor> primary,
                                std::span<const NamedTensor> shadow);

}  // namespace plinth
