// OneVsRestClassifier: an estimator for each class tells it from all others.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "estimators/ensembles/members.h"
#include "estimators/families.h"
#include "estimators/wrappers/binary_scores.h"
#include "estimators/wrappers/label_targets.h"

namespace plinth::sklearn {
namespace {

// What stands in for an estimator where all rows of fit() were of the class, or none: y, which is
// 0, 1 or -1.
class ConstantPredictor final : public BatchEstimator {
 public:
  ConstantPredictor(Traits traits, double y) : BatchEstimator(std::move(traits)), y_(y) {}

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch&) const override {
    for (std::size_t i = 0; i < batch.count(); ++i) {
      if (out.decision) out.decision[i] = y_;
      if (out.labels) out.labels[i] = y_ > 0 ? 1 : 0;
      if (out.probabilities == nullptr) continue;
      out.probabilities[2 * i] = 1 - y_;
      out.probabilities[2 * i + 1] = y_;
    }
    return {};
  }

 private:
  double y_;
};

constexpr std::string_view kConstantPredictor = "_ConstantPredictor";

EstimatorPtr ReadConstantPredictor(Fitted& fitted) {
  const std::vector<double> y = fitted.Vector("y_", 1);
  Traits traits = fitted.MakeTraits(Role::kClassifier, fitted.Inputs());
  if (!fitted.ok()) return nullptr;
  traits.classes = NumberedClasses(2);
  traits.probabilities = true;
  traits.decision_width = 1;
  traits.takes_sparse = true;
  return std::make_unique<ConstantPredictor>(std::move(traits), y[0]);
}

struct RestState {
  std::vector<EstimatorPtr> members;  // one a column of the binarised y
  std::vector<ScoreKind> kinds;       // how each is scored
  double threshold = 0;               // for columns that are answered each by itself
  bool first_wins = false;            // which of equal scores does
  bool divides_by_zero = false;       // probabilities that are all 0 become NaN
};

class OneVersusRest final : public BatchEstimator {
 public:
  OneVersusRest(Traits traits, RestState state)
      : BatchEstimator(std::move(traits)), state_(std::move(state)) {}

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const std::size_t columns = state_.members.size();
    const std::size_t count = batch.count();
    const bool scored = out.labels || out.decision;
    double* of_member = scored ? frame.Take<double>(count) : nullptr;
    double* scores = scored ? frame.Take<double>(count * columns) : nullptr;
    double* pairs = out.probabilities ? frame.Take<double>(count * 2) : nullptr;
    for (std::size_t k = 0; k < columns; ++k) {
      const BinaryAnswers to{.scores = of_member, .probabilities = pairs};
      if (Status status = RunBinary(*state_.members[k], state_.kinds[k], batch, to, scratch);
          !status) {
        return status;
      }
      for (std::size_t i = 0; i < count; ++i) {
        if (scored) scores[i * columns + k] = of_member[i];
        if (pairs) KeepProbability(pairs[2 * i + 1], i, k, out.probabilities);
      }
    }
    if (out.decision) std::copy_n(scores, count * columns, out.decision);
    if (out.labels) WriteLabels(scores, count, out.labels);
    if (out.probabilities && traits().targets.empty()) Normalise(count, out.probabilities);
    return {};
  }

 private:
  bool binary() const { return state_.members.size() == 1; }

  void KeepProbability(double p, std::size_t i, std::size_t k, double* probabilities) const {
    if (!binary()) {
      probabilities[i * state_.members.size() + k] = p;
    } else {
      probabilities[2 * i] = 1 - p;
      probabilities[2 * i + 1] = p;
    }
  }

  void WriteLabels(const double* scores, std::size_t count, std::int32_t* labels) const {
    const std::size_t columns = state_.members.size();
    if (binary() || !traits().targets.empty()) {
      for (std::size_t i = 0; i < count * columns; ++i) {
        labels[i] = scores[i] > state_.threshold ? 1 : 0;
      }
      return;
    }
    for (std::size_t i = 0; i < count; ++i) labels[i] = Best(scores + i * columns, columns);
  }

  // The last of equal scores, up to 1.7, or the first. Once there was a NaN nothing is above it.
  std::int32_t Best(const double* scores, std::size_t n) const {
    double best = -std::numeric_limits<double>::infinity();
    std::size_t at = 0;
    for (std::size_t i = 0; i < n && !std::isnan(best); ++i) {
      const std::size_t k = state_.first_wins ? n - 1 - i : i;
      if (scores[k] >= best) at = k;
      if (!(scores[k] < best)) best = scores[k];
    }
    return static_cast<std::int32_t>(at);
  }

  void Normalise(std::size_t count, double* probabilities) const {
    const std::size_t classes = traits().classes.size();
    for (std::size_t i = 0; i < count; ++i) {
      double* row = probabilities + i * classes;
      double sum = 0;
      for (std::size_t c = 0; c < classes; ++c) sum += row[c];
      if (sum == 0 && !state_.divides_by_zero) continue;
      for (std::size_t c = 0; c < classes; ++c) row[c] /= sum;
    }
  }

  RestState state_;
};

EstimatorPtr ReadOneVersusRest(Fitted& fitted) {
  LabelTargets labels = ReadLabelTargets(fitted, "label_binarizer_");
  RestState state;
  state.members = ReadMembers(fitted, "estimators_", fitted.GivenWidth());
  state.first_wins = fitted.VersionAtLeast(1, 8);
  state.divides_by_zero = !fitted.VersionAtLeast(1, 7);
  if (fitted.ok() && (labels.classes.size() < 2 || labels.Columns() != state.members.size())) {
    fitted.FailFor("estimators_", "are not one for each class");
  }
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kClassifier, 0);
  DescribeInputs(fitted, state.members, traits);
  traits.probabilities = true;
  traits.decision_width = state.members.size();
  for (const EstimatorPtr& member : state.members) {
    state.kinds.push_back(ChooseScore(fitted, member->traits()));
    if (!member->traits().probabilities) traits.probabilities = false;
    if (state.kinds.back() != ScoreKind::kDecision) traits.decision_width = 0;
  }
  if (!fitted.ok()) return nullptr;
  // scikit-learn does not take the stand-in for a classifier.
  const bool constant = state.members.front()->traits().name == kConstantPredictor;
  state.threshold = constant ? 0.5 : ThresholdOf(state.kinds.front());
  labels.MoveTo(traits);
  traits.widest = std::max(traits.widest, 2 * state.members.size());
  return std::make_unique<OneVersusRest>(std::move(traits), std::move(state));
}

}  // namespace

std::span<const RegistryEntry> OneVersusRestFamily() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.multiclass.OneVsRestClassifier", ReadOneVersusRest},
      {"sklearn.multiclass._ConstantPredictor", ReadConstantPredictor},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
