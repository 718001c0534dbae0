// The normal distribution that a decomposition stands for: score_samples() of PCA and
// FactorAnalysis.
#pragma once

#include <vector>

#include "estimators/fitted.h"

namespace plinth::sklearn {

// log p(x) = log_norm - (sum_j precision_j d_j^2 + sum_k weights_k (directions_k . d)^2) / 2 with d
// = x - mean: the inverse of a diagonal matrix plus one of low rank, which is never formed.
struct NormalDensity {
  std::vector<double> mean;
  std::vector<double> precision;
  Matrix directions;
  std::vector<double> weights;
  double log_norm = 0;
};

// The density of probabilistic PCA, and whether there is one: variance must be left in all
// directions, or scikit-learn itself inverts what has no inverse. Requires components whose width
// `mean` has.
struct PcaDensity {
  NormalDensity density;
  bool exists = false;
};
PcaDensity ReadPcaDensity(Fitted& fitted, const Matrix& components, std::vector<double> mean);

// What `decomposition` gives, and scores.
EstimatorPtr WithScores(Fitted& fitted, EstimatorPtr decomposition, NormalDensity density);

}  // namespace plinth::sklearn
