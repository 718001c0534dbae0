#include "estimators/decomposition/sparse_codes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "numeric/cholesky.h"
#include "numeric/linear_algebra.h"

namespace plinth::sklearn {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

double Shrink(double x, double penalty, bool positive) {
  if (x > penalty) return x - penalty;
  return x < -penalty && !positive ? x + penalty : 0;
}

// One pass of coordinate descent over all atoms; returns the largest change.
double Sweep(const CodingState& state, const double* products, double* code) {
  const std::size_t n = state.atoms;
  double largest = 0;
  for (std::size_t j = 0; j < n; ++j) {
    const double* row = &state.gram[j * n];
    if (row[j] == 0) continue;
    const double rest = products[j] - Dot(row, code, n) + row[j] * code[j];
    const double value = Shrink(rest, state.penalty, state.positive) / row[j];
    largest = std::max(largest, std::abs(value - code[j]));
    code[j] = value;
  }
  return largest;
}

// Solves for the numbers that are not zero, their signs being known, and checks that this is the
// minimum. False, and the code as it was, if it is not.
bool Polish(const CodingState& state, const double* products, double* code, Scratch& scratch) {
  const std::size_t n = state.atoms;
  Scratch::Frame frame(scratch);
  auto* active = frame.Take<std::size_t>(n);
  std::size_t count = 0;
  for (std::size_t j = 0; j < n; ++j) {
    if (code[j] != 0) active[count++] = j;
  }
  double* matrix = frame.Take<double>(count * count);
  double* solution = frame.Take<double>(count);
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = 0; b < count; ++b) {
      matrix[a * count + b] = state.gram[active[a] * n + active[b]];
    }
    solution[a] = products[active[a]] - std::copysign(state.penalty, code[active[a]]);
  }
  if (!FactorCholesky(matrix, count)) return false;
  SolveCholesky(matrix, count, solution);
  double* polished = frame.Take<double>(n);
  std::fill_n(polished, n, 0.0);
  for (std::size_t a = 0; a < count; ++a) {
    if (!(solution[a] * code[active[a]] > 0)) return false;
    polished[active[a]] = solution[a];
  }
  for (std::size_t j = 0; j < n; ++j) {
    if (polished[j] != 0) continue;
    const double slope = products[j] - Dot(&state.gram[j * n], polished, n);
    const double bound = state.penalty + 1e-12 * std::max(std::abs(products[j]), state.penalty);
    if (slope > bound || (slope < -bound && !state.positive)) return false;
  }
  std::copy_n(polished, n, code);
  return true;
}

}  // namespace

void MatchingPursuit(const CodingState& state, const double* products, double* code,
                     Scratch& scratch) {
  const std::size_t n = state.atoms;
  Scratch::Frame frame(scratch);
  // Atoms that were taken stand first; of equal ones the first in this order is taken.
  auto* order = frame.Take<std::size_t>(n);
  double* residual = frame.Take<double>(n);
  double* solution = frame.Take<double>(n);
  double* factor = frame.Take<double>(state.nonzero * state.nonzero);
  double* packed = frame.Take<double>(state.nonzero * state.nonzero);
  std::iota(order, order + n, std::size_t{0});
  std::copy_n(products, n, residual);
  const auto gram = [&](std::size_t a, std::size_t b) {
    return state.gram[order[a] * n + order[b]];
  };
  std::size_t taken = 0;
  while (taken < state.nonzero) {
    std::size_t best = 0;
    for (std::size_t a = 1; a < n; ++a) {
      if (std::abs(residual[a]) > std::abs(residual[best])) best = a;
    }
    if (best < taken || residual[best] * residual[best] < kEpsilon) break;
    double* row = factor + taken * state.nonzero;
    for (std::size_t a = 0; a < taken; ++a) {
      const double* above = factor + a * state.nonzero;
      row[a] = (gram(best, a) - Dot(above, row, a)) / above[a];
    }
    const double left = gram(best, best) - Dot(row, row, taken);
    if (taken > 0 && left <= kEpsilon) break;
    row[taken] = std::sqrt(left);
    std::swap(order[taken], order[best]);
    ++taken;
    for (std::size_t a = 0; a < taken; ++a) {
      std::copy_n(factor + a * state.nonzero, a + 1, packed + a * taken);
      solution[a] = products[order[a]];
    }
    SolveCholesky(packed, taken, solution);
    for (std::size_t a = 0; a < n; ++a) {
      double fit = 0;
      for (std::size_t b = 0; b < taken; ++b) fit += gram(a, b) * solution[b];
      residual[a] = products[order[a]] - fit;
    }
  }
  std::fill_n(code, n, 0.0);
  for (std::size_t a = 0; a < taken; ++a) code[order[a]] = solution[a];
}

Status Lasso(const CodingState& state, const double* products, double* code, Scratch& scratch) {
  constexpr int kMostSweeps = 20000;
  std::fill_n(code, state.atoms, 0.0);
  double accuracy = 1e-3;
  for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
    double largest = 0;
    for (std::size_t j = 0; j < state.atoms; ++j) largest = std::max(largest, std::abs(code[j]));
    const double change = Sweep(state, products, code);
    if (change > accuracy * largest) continue;
    if (Polish(state, products, code, scratch)) return {};
    accuracy /= 4;
  }
  return Fail(
      Code::kUnimplemented,
      "the sparse code of a row is not unique: the dictionary's atoms depend on each other");
}

void Threshold(const CodingState& state, const double* products, double* code) {
  for (std::size_t j = 0; j < state.atoms; ++j) {
    code[j] = Shrink(products[j], state.penalty, state.positive);
  }
}

}  // namespace plinth::sklearn
