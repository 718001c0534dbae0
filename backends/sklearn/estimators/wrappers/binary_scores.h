// How scikit-learn's multiclass wrappers score rows with an estimator that tells two classes apart:
// by a regressor's prediction, else the decision function, else the probability of the second
// class.
#pragma once

#include <cstdint>

#include "estimators/fitted.h"

namespace plinth::sklearn {

enum class ScoreKind : std::uint8_t { kPrediction, kDecision, kProbability };

// Fails in `fitted` if the member does not give one such score a row.
ScoreKind ChooseScore(Fitted& fitted, const Traits& member);

// The score above which a row is of the second class.
inline double ThresholdOf(ScoreKind kind) { return kind == ScoreKind::kDecision ? 0.0 : 0.5; }

// Null for what is not wanted; only a classifier gives labels, and only one with predict_proba
// probabilities.
struct BinaryAnswers {
  double* scores = nullptr;         // [n]
  double* probabilities = nullptr;  // [n, 2]
  std::int32_t* labels = nullptr;   // [n], 0 or 1
};

Status RunBinary(const Estimator& member, ScoreKind kind, const Batch& batch,
                 const BinaryAnswers& to, Scratch& scratch);

}  // namespace plinth::sklearn
