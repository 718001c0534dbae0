// Fitted rows in float32, to tell which of them are surely not near to a row: half the memory to
// read, and twice the numbers in a register. Those that may be near are measured exactly.
//
// Of a row x and a fitted row y, both less the mean of the fitted rows,
//   |x - y|^2 = |x|^2 - 2 (x . y - |y|^2 / 2),
// so that y is nearer the larger x . y - |y|^2 / 2 is: its closeness. Without the mean it would be
// the difference of large numbers.
#pragma once

#include <cstddef>
#include <vector>

#include "numeric/linear_algebra.h"
#include "numeric/scratch.h"

namespace plinth::sklearn {

// A row to be compared with the fitted ones.
struct RoughRow {
  double norm = 0;   // squared
  double error = 0;  // how much a squared distance, computed in double, may be below the one that
                     // the closeness tells
};

class RoughRows {
 public:
  // Fitted rows stand so many side by side.
  static constexpr std::size_t kLanes = 16;
  static constexpr std::size_t Padded(std::size_t rows) {
    return (rows + kLanes - 1) / kLanes * kLanes;
  }

  RoughRows() = default;
  // Copies a row-major matrix. Empty if its numbers are too large for products in float32.
  explicit RoughRows(Rows fitted);

  bool empty() const { return panels_.empty(); }

  // The rows as Closeness() takes them: [rows.count, rows.width] in `centred`, and what is known of
  // each. False if numbers are too large or not finite. Requires !empty().
  bool Prepare(Rows rows, float* centred, RoughRow* known) const;

  // out[i * stride + j] = the closeness of row i and the fitted row first + j, for `count` fitted
  // ones; from there to the stride, which is Padded(count), -inf at the end of all. `first` is a
  // multiple of kLanes, as is `count` but at the end.
  void Closeness(const float* centred, std::size_t rows, std::size_t first, std::size_t count,
                 float* out) const;

  // A fitted row whose closeness is not above this has a squared distance, computed in double, of
  // at least `distance`.
  static float LeastCloseness(const RoughRow& row, double distance);

 private:
  std::size_t columns_ = 0;
  std::vector<double> means_;
  std::vector<float> panels_;  // panel p: rows 16 p to 16 p + 15, column by column
  std::vector<float> halves_;  // of the squared norms; of what fills the last panel up: inf
  double largest_ = 0;         // norm of a fitted row, less the mean
  double farthest_ = 0;        // norm of a fitted row as it is
};

// Where, at or after `from` and before `count`, values above `limit` begin, in steps of 32: those
// before are not above it. Fewer than 32 at the end are not looked at.
std::size_t NextAbove(float limit, const float* values, std::size_t from, std::size_t count);

}  // namespace plinth::sklearn
