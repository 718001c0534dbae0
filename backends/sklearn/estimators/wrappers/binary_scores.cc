#include "estimators/wrappers/binary_scores.h"

namespace plinth::sklearn {

ScoreKind ChooseScore(Fitted& fitted, const Traits& member) {
  if (member.role == Role::kRegressor && member.outputs == 1) return ScoreKind::kPrediction;
  const bool binary = member.role == Role::kClassifier && member.classes.size() == 2;
  if (binary && member.decision_width == 1) return ScoreKind::kDecision;
  if (binary && member.decision_width == 0 && member.probabilities) return ScoreKind::kProbability;
  fitted.Fail(member.name + " in it does not tell two classes apart by one number");
  return ScoreKind::kDecision;
}

Status RunBinary(const Estimator& member, ScoreKind kind, const Batch& batch,
                 const BinaryAnswers& to, Scratch& scratch) {
  Scratch::Frame frame(scratch);
  Outputs out{.labels = to.labels, .probabilities = to.probabilities};
  if (kind == ScoreKind::kPrediction) out.values = to.scores;
  if (kind == ScoreKind::kDecision) out.decision = to.scores;
  const bool from_probabilities = kind == ScoreKind::kProbability && to.scores;
  if (from_probabilities && out.probabilities == nullptr) {
    out.probabilities = frame.Take<double>(2 * batch.count());
  }
  if (Status status = member.RunBatch(batch, out, scratch); !status) return status;
  for (std::size_t i = 0; from_probabilities && i < batch.count(); ++i) {
    to.scores[i] = out.probabilities[2 * i + 1];
  }
  return {};
}

}  // namespace plinth::sklearn
