#include "estimators/decomposition/factor_solver.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "numeric/products.h"

namespace plinth::sklearn {
namespace {

// What scikit-learn puts in the place of a divisor of zero.
constexpr double kEpsilon = std::numeric_limits<float>::epsilon();

double Power(double x, double exponent) {
  if (exponent == 1) return x;
  if (exponent == -1) return 1 / x;
  return std::pow(x, exponent);
}

// The exponent that makes the updates go down for every divergence.
double Damping(double beta) {
  if (beta < 1) return 1 / (2 - beta);
  return beta > 2 ? 1 / (beta - 1) : 1;
}

void StartAtMean(const Factors& factors, Rows rows, double* w) {
  double sum = 0;
  for (std::size_t i = 0; i < rows.count * rows.width; ++i) sum += rows.data[i];
  const double mean = sum / static_cast<double>(rows.count * rows.width);
  std::fill_n(w, rows.count * factors.components,
              std::sqrt(mean / static_cast<double>(factors.components)));
}

// W H, [rows, features].
void Reconstruct(const Factors& factors, Rows rows, const double* w, double* to) {
  InnerProducts(Rows{w, rows.count, factors.components, 0}, factors.by_feature,
                AllOf(factors.by_feature), to);
}

// The numerator and the denominator of the updates before penalties. For divergences other than
// Frobenius, `approximation` is room for [rows, features].
void Gradients(const Factors& factors, Rows rows, const double* w, double* approximation,
               double* numerator, double* denominator) {
  const std::size_t n = factors.components;
  const Rows current{w, rows.count, n, 0};
  if (factors.beta == 2) {
    InnerProducts(rows, factors.by_component, AllOf(factors.by_component), numerator);
    for (std::size_t i = 0; i < rows.count; ++i) {
      for (std::size_t k = 0; k < n; ++k) {
        denominator[i * n + k] = Dot(current.row(i), &factors.gram[k * n], n);
      }
    }
    return;
  }
  const std::size_t size = rows.count * rows.width;
  const Rows scaled{approximation, rows.count, rows.width, 0};
  if (factors.beta == 1) {
    for (std::size_t i = 0; i < rows.count * n; ++i) denominator[i] = factors.sums[i % n];
  } else {
    Reconstruct(factors, rows, w, approximation);
    for (std::size_t i = 0; i < size; ++i) {
      double& value = approximation[i];
      if (factors.beta < 1) value = std::max(value, kEpsilon);
      value = Power(value, factors.beta - 1);
    }
    InnerProducts(scaled, factors.by_component, AllOf(factors.by_component), denominator);
  }
  Reconstruct(factors, rows, w, approximation);
  for (std::size_t i = 0; i < size; ++i) {
    double& value = approximation[i];
    if (factors.beta < 2) value = std::max(value, kEpsilon);
    if (factors.beta == 1) {
      value = rows.data[i] / value;
    } else if (factors.beta == 0) {
      value = (1 / value) * (1 / value) * rows.data[i];
    } else {
      value = Power(value, factors.beta - 2) * rows.data[i];
    }
  }
  InnerProducts(scaled, factors.by_component, AllOf(factors.by_component), numerator);
}

void Update(const Factors& factors, Rows rows, double* w, double* approximation, Scratch& scratch) {
  Scratch::Frame frame(scratch);
  const std::size_t size = rows.count * factors.components;
  double* numerator = frame.Take<double>(size);
  double* denominator = frame.Take<double>(size);
  Gradients(factors, rows, w, approximation, numerator, denominator);
  const double damping = Damping(factors.beta);
  for (std::size_t i = 0; i < size; ++i) {
    double below = denominator[i];
    if (factors.l1 > 0) below += factors.l1;
    if (factors.l2 > 0) below += factors.l2 * w[i];
    if (below == 0) below = kEpsilon;
    w[i] *= Power(numerator[i] / below, damping);
  }
}

// The root of twice the divergence of X from W H.
double Error(const Factors& factors, Rows rows, const double* w, double* approximation) {
  Reconstruct(factors, rows, w, approximation);
  const std::size_t size = rows.count * rows.width;
  const double beta = factors.beta;
  double sum = 0;
  if (beta == 2) {
    for (std::size_t i = 0; i < size; ++i) {
      const double difference = rows.data[i] - approximation[i];
      sum += difference * difference;
    }
    return std::sqrt(sum);
  }
  for (std::size_t i = 0; i < size; ++i) {
    const double x = rows.data[i];
    const double y = std::max(approximation[i], kEpsilon);
    const bool counts = x > kEpsilon;  // zeros take no part in what X weighs
    if (beta == 1) {
      sum += approximation[i];
      if (counts) sum += x * std::log(x / y) - x;
    } else if (beta == 0) {
      if (counts) sum += x / y - std::log(x / y);
      sum -= 1;
    } else {
      double term = (beta - 1) * Power(approximation[i], beta);
      if (counts) term += Power(x, beta) - beta * x * Power(y, beta - 1);
      sum += term / (beta * (beta - 1));
    }
  }
  return std::sqrt(2 * std::max(sum, 0.0));
}

}  // namespace

void SolveByDescent(const Factors& factors, Rows rows, double* w, Scratch& scratch) {
  Scratch::Frame frame(scratch);
  const std::size_t n = factors.components;
  double* targets = frame.Take<double>(rows.count * n);
  InnerProducts(rows, factors.by_component, AllOf(factors.by_component), targets);
  for (std::size_t i = 0; i < rows.count * n; ++i) targets[i] -= factors.l1;
  std::fill_n(w, rows.count * n, 0.0);
  double first_violation = 0;
  for (std::size_t step = 0; step < factors.max_steps; ++step) {
    double violation = 0;
    for (std::size_t i = 0; i < rows.count; ++i) {
      double* row = w + i * n;
      for (std::size_t t = 0; t < n; ++t) {
        const double* products = &factors.gram[t * n];
        double gradient = -targets[i * n + t] + factors.l2 * row[t];
        for (std::size_t r = 0; r < n; ++r) gradient += products[r] * row[r];
        violation += std::abs(row[t] == 0 ? std::min(0.0, gradient) : gradient);
        const double curvature = products[t] + factors.l2;
        if (curvature != 0) row[t] = std::max(row[t] - gradient / curvature, 0.0);
      }
    }
    if (step == 0) first_violation = violation;
    if (first_violation == 0 || violation / first_violation <= factors.tolerance) return;
  }
}

void SolveByUpdates(const Factors& factors, Rows rows, double* w, Scratch& scratch) {
  Scratch::Frame frame(scratch);
  double* approximation = frame.Take<double>(rows.count * rows.width);
  StartAtMean(factors, rows, w);
  const double first_error = Error(factors, rows, w, approximation);
  double last_error = first_error;
  for (std::size_t step = 1; step <= factors.max_steps; ++step) {
    Update(factors, rows, w, approximation, scratch);
    if (factors.beta < 1) {
      for (std::size_t i = 0; i < rows.count * factors.components; ++i) {
        if (w[i] < std::numeric_limits<double>::epsilon()) w[i] = 0;
      }
    }
    if (!(factors.tolerance > 0) || step % 10 != 0) continue;
    const double error = Error(factors, rows, w, approximation);
    if ((last_error - error) / first_error < factors.tolerance) return;
    last_error = error;
  }
}

void SolveByChange(const Factors& factors, Rows rows, double* w, Scratch& scratch) {
  Scratch::Frame frame(scratch);
  const std::size_t size = rows.count * factors.components;
  double* approximation = frame.Take<double>(rows.count * rows.width);
  double* before = frame.Take<double>(size);
  StartAtMean(factors, rows, w);
  for (std::size_t step = 0; step < factors.max_steps; ++step) {
    std::copy_n(w, size, before);
    Update(factors, rows, w, approximation, scratch);
    double change = 0;
    double norm = 0;
    for (std::size_t i = 0; i < size; ++i) {
      change += (w[i] - before[i]) * (w[i] - before[i]);
      norm += w[i] * w[i];
    }
    if (factors.tolerance > 0 && std::sqrt(change) / std::sqrt(norm) <= factors.tolerance) return;
  }
}

}  // namespace plinth::sklearn
