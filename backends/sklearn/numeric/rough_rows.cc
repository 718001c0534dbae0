#include "numeric/rough_rows.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/wide.h"

namespace plinth::sklearn {
namespace {

constexpr std::size_t kSideBySide = RoughRows::kLanes;
// Norms up to here have products that float32 can hold, with room for what is added to them.
constexpr double kMostNorm = 1e15;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

#define PLINTH_WIDE_BODY "numeric/rough_rows.inl"
#include "base/for_each_width.h"

double Squared(double x) { return x * x; }

}  // namespace

RoughRows::RoughRows(Rows fitted) : columns_(fitted.width), means_(fitted.width) {
  for (std::size_t i = 0; i < fitted.count; ++i) {
    double norm = 0;
    for (std::size_t k = 0; k < columns_; ++k) {
      means_[k] += fitted.row(i)[k] / static_cast<double>(fitted.count);
      norm += Squared(fitted.row(i)[k]);
    }
    if (!(norm < Squared(kMostNorm))) return;
    farthest_ = std::max(farthest_, std::sqrt(norm));
  }
  panels_.resize(Padded(fitted.count) * columns_);
  halves_.assign(Padded(fitted.count), std::numeric_limits<float>::infinity());
  for (std::size_t i = 0; i < fitted.count; ++i) {
    float* to = &panels_[i / kLanes * kLanes * columns_ + i % kLanes];
    double norm = 0;
    for (std::size_t k = 0; k < columns_; ++k) {
      const double number = fitted.row(i)[k] - means_[k];
      to[k * kLanes] = static_cast<float>(number);
      norm += Squared(number);
    }
    halves_[i] = static_cast<float>(norm / 2);
    largest_ = std::max(largest_, std::sqrt(norm));
  }
}

bool RoughRows::Prepare(Rows rows, float* centred, RoughRow* known) const {
  const auto columns = static_cast<double>(columns_);
  for (std::size_t i = 0; i < rows.count; ++i) {
    double norm = 0;
    double whole = 0;
    for (std::size_t k = 0; k < columns_; ++k) {
      const double number = rows.row(i)[k] - means_[k];
      centred[i * columns_ + k] = static_cast<float>(number);
      norm += Squared(number);
      whole += Squared(rows.row(i)[k]);
    }
    if (!(norm < Squared(kMostNorm) && whole < Squared(kMostNorm))) return false;
    // Each sum of n products in float32 is off by at most about n roundings of the norms' product,
    // by Cauchy and Schwarz; and by the least numbers that there are. Here is twice as much.
    const double length = std::sqrt(norm);
    const double rough = (columns + 8) * (std::ldexp(length * largest_ + Squared(largest_), -22) +
                                          std::ldexp(length + largest_ + 1, -138));
    // So are the exact ones, and the mean, in double and of the rows as they are.
    const double exact =
        (columns + 16) * std::ldexp(Squared(std::sqrt(whole) + 2 * farthest_), -51);
    known[i] = {norm, rough + exact};
  }
  return true;
}

void RoughRows::Closeness(const float* centred, std::size_t rows, std::size_t first,
                          std::size_t count, float* out) const {
  PLINTH_WIDEST(RoughProducts)
  (centred, rows, columns_, &panels_[first * columns_], &halves_[first], Padded(count) / kLanes,
   out);
}

float RoughRows::LeastCloseness(const RoughRow& row, double distance) {
  const double least = (row.norm - row.error - distance) / 2;
  // Rounded down.
  return std::nextafter(static_cast<float>(least), static_cast<float>(-kInfinity));
}

PLINTH_WIDE std::size_t NextAbove(float limit, const float* values, std::size_t from,
                                  std::size_t count) {
  constexpr std::size_t kStep = 2 * kSideBySide;
  for (; from + kStep <= count; from += kStep) {
    std::uint32_t above = 0;
    for (std::size_t j = 0; j < kStep; ++j) above |= values[from + j] > limit ? 1U : 0U;
    if (above != 0) return from;
  }
  return from;
}

}  // namespace plinth::sklearn
