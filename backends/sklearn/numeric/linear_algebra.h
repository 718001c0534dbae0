// The few loops that all estimators share, in double precision and plain C++ that the compiler
// vectorises.
#pragma once

#include <cstddef>

namespace plinth::sklearn {

// A row-major matrix of `count` rows that someone else owns.
struct Rows {
  const double* data = nullptr;
  std::size_t count = 0;
  std::size_t width = 0;
  std::size_t first = 0;  // the index of row 0 in the caller's whole input: for error messages

  const double* row(std::size_t i) const { return data + i * width; }
};

// The inner product of two vectors of n.
double Dot(const double* a, const double* b, std::size_t n);

// The inner product of a vector with itself, rounded as numpy's einsum does it on x86-64: where a
// distance is |x|^2 - 2 x.y + |y|^2 and almost nothing is left, what is left depends on this.
double SquaredNorm(const double* x, std::size_t n);

// out[i][j] = rows[i] . weights[j] + bias[j], for `outputs` rows of weights, each rows.width long.
void Affine(Rows rows, const double* weights, const double* bias, std::size_t outputs, double* out);

// 1 / (1 + exp(-x))
double Sigmoid(double x);

// exp(scores) / sum(exp(scores)), in place.
void Softmax(double* scores, std::size_t n);

// The index of the first largest value; as numpy, the first NaN if there is one. n > 0.
std::size_t ArgMax(const double* values, std::size_t n);

// Where the first NaN (or, with `infinity`, infinity) stands.
enum class Oddity { kNone, kNaN, kInfinity };
struct OddPlace {
  Oddity oddity = Oddity::kNone;
  std::size_t row = 0;
  std::size_t column = 0;
};

// Looks for the first value that is not finite; NaN is passed over if it is allowed.
OddPlace FindOddity(Rows rows, bool allow_nan);

}  // namespace plinth::sklearn
