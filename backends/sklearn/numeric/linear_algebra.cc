#include "numeric/linear_algebra.h"

#include <cmath>

namespace plinth::sklearn {
namespace {

constexpr std::size_t kLanes = 8;

}  // namespace

double Dot(const double* a, const double* b, std::size_t n) {
  // Eight independent sums: the additions need not wait for each other, and pairs of lanes fill
  // vector registers.
  double lanes[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += a[i + lane] * b[i + lane];
  }
  double tail = 0;
  for (; i < n; ++i) tail += a[i] * b[i];
  return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) +
         ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7])) + tail;
}

double SquaredNorm(const double* x, std::size_t n) {
  // Two sums, of even and odd columns; in each block of eight columns the last pair comes first.
  double even = 0;
  double odd = 0;
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (std::size_t pair = 8; pair > 0; pair -= 2) {
      even += x[i + pair - 2] * x[i + pair - 2];
      odd += x[i + pair - 1] * x[i + pair - 1];
    }
  }
  for (; i + 2 <= n; i += 2) {
    even += x[i] * x[i];
    odd += x[i + 1] * x[i + 1];
  }
  if (i < n) even += x[i] * x[i];
  return even + odd;
}

void Affine(Rows rows, const double* weights, const double* bias, std::size_t outputs,
            double* out) {
  for (std::size_t i = 0; i < rows.count; ++i) {
    const double* row = rows.row(i);
    for (std::size_t j = 0; j < outputs; ++j) {
      out[i * outputs + j] = Dot(row, weights + j * rows.width, rows.width) + bias[j];
    }
  }
}

double Sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

void Softmax(double* scores, std::size_t n) {
  double largest = scores[0];
  for (std::size_t i = 1; i < n; ++i) largest = scores[i] > largest ? scores[i] : largest;
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    scores[i] = std::exp(scores[i] - largest);
    sum += scores[i];
  }
  for (std::size_t i = 0; i < n; ++i) scores[i] /= sum;
}

std::size_t ArgMax(const double* values, std::size_t n) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (std::isnan(values[i])) return i;
    if (values[i] > values[best]) best = i;
  }
  return best;
}

OddPlace FindOddity(Rows rows, bool allow_nan) {
  const std::size_t count = rows.count * rows.width;
  // x * 0 is 0 for every finite x and NaN for the others: the sum tells of a whole block at once.
  double lanes[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += rows.data[i + lane] * 0.0;
  }
  double sum = 0;
  for (double lane : lanes) sum += lane;
  for (; i < count; ++i) sum += rows.data[i] * 0.0;
  if (sum == 0) return {};
  for (i = 0; i < count; ++i) {
    if (std::isinf(rows.data[i])) return {Oddity::kInfinity, i / rows.width, i % rows.width};
    if (!allow_nan && std::isnan(rows.data[i])) {
      return {Oddity::kNaN, i / rows.width, i % rows.width};
    }
  }
  return {};
}

}  // namespace plinth::sklearn
