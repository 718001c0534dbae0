#include "estimators/svm/svm_probability.h"

#include <algorithm>
#include <cmath>

namespace plinth::sklearn {
namespace {

double PairProbability(double decision, double a, double b) {
  constexpr double kLeast = 1e-7;
  const double x = decision * a + b;
  const double p = x >= 0 ? std::exp(-x) / (1.0 + std::exp(-x)) : 1.0 / (1.0 + std::exp(x));
  return std::min(std::max(p, kLeast), 1 - kLeast);
}

// Minimises p'Qp over distributions p: the same steps and the same end as libsvm's, because what it
// gives depends on where it stops.
class Coupling {
 public:
  Coupling(std::size_t classes, const double* q, double* gradient, double* p)
      : n_(classes), q_(q), gradient_(gradient), p_(p) {}

  void Solve() {
    const std::size_t rounds = std::max<std::size_t>(100, n_);
    for (std::size_t round = 0; round < rounds; ++round) {
      double value = Evaluate();
      if (WorstError(value) < 0.005 / static_cast<double>(n_)) return;
      for (std::size_t t = 0; t < n_; ++t) value = Step(t, value);
    }
  }

 private:
  double Evaluate() {
    double value = 0;
    for (std::size_t t = 0; t < n_; ++t) {
      gradient_[t] = 0;
      for (std::size_t j = 0; j < n_; ++j) gradient_[t] += q_[t * n_ + j] * p_[j];
      value += p_[t] * gradient_[t];
    }
    return value;
  }

  double WorstError(double value) const {
    double worst = 0;
    for (std::size_t t = 0; t < n_; ++t) worst = std::max(worst, std::abs(gradient_[t] - value));
    return worst;
  }

  double Step(std::size_t t, double value) {
    const double diagonal = q_[t * n_ + t];
    const double step = (-gradient_[t] + value) / diagonal;
    p_[t] += step;
    value = (value + step * (step * diagonal + 2 * gradient_[t])) / (1 + step) / (1 + step);
    for (std::size_t j = 0; j < n_; ++j) {
      gradient_[j] = (gradient_[j] + step * q_[t * n_ + j]) / (1 + step);
      p_[j] /= 1 + step;
    }
    return value;
  }

  std::size_t n_;
  const double* q_;
  double* gradient_;
  double* p_;
};

}  // namespace

void CouplePairs(const double* decisions, const double* a, const double* b, std::size_t classes,
                 double* out, Scratch& scratch) {
  const std::size_t n = classes;
  Scratch::Frame frame(scratch);
  double* r = frame.Take<double>(n * n);  // r[i][j]: the probability of i among i and j
  for (std::size_t i = 0, pair = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j, ++pair) {
      r[i * n + j] = PairProbability(decisions[pair], a[pair], b[pair]);
      r[j * n + i] = 1 - r[i * n + j];
    }
  }
  double* q = frame.Take<double>(n * n);
  for (std::size_t t = 0; t < n; ++t) {
    double diagonal = 0;
    for (std::size_t j = 0; j < n; ++j) {
      if (j == t) continue;
      diagonal += r[j * n + t] * r[j * n + t];
      q[t * n + j] = -r[j * n + t] * r[t * n + j];
    }
    q[t * n + t] = diagonal;
  }
  std::fill_n(out, n, 1.0 / static_cast<double>(n));
  Coupling(n, q, frame.Take<double>(n), out).Solve();
}

}  // namespace plinth::sklearn
