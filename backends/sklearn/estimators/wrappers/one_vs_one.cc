// OneVsOneClassifier: an estimator for each pair of classes, which then vote.
#include <algorithm>
#include <cmath>
#include <utility>

#include "estimators/ensembles/members.h"
#include "estimators/families.h"
#include "estimators/wrappers/binary_scores.h"

namespace plinth::sklearn {
namespace {

class OneVersusOne final : public BatchEstimator {
 public:
  // Members in the order of the pairs (0, 1), (0, 2) ... (1, 2) ...
  OneVersusOne(Traits traits, std::vector<EstimatorPtr> members, std::vector<ScoreKind> kinds,
               double threshold)
      : BatchEstimator(std::move(traits)),
        members_(std::move(members)),
        kinds_(std::move(kinds)),
        threshold_(threshold) {}

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const std::size_t classes = traits().classes.size();
    const std::size_t count = batch.count();
    Tally tally{frame.Take<double>(count * classes), frame.Take<double>(count * classes),
                frame.Take<double>(count), frame.Take<std::int32_t>(count)};
    std::fill_n(tally.votes, count * classes, 0.0);
    std::fill_n(tally.confidences, count * classes, 0.0);
    std::size_t k = 0;
    for (std::size_t i = 0; i < classes; ++i) {
      for (std::size_t j = i + 1; j < classes; ++j, ++k) {
        if (Status status = Vote(batch, k, i, j, tally, scratch); !status) return status;
      }
    }
    for (std::size_t at = 0; at < count * classes; ++at) {
      const double confidence = tally.confidences[at];
      tally.votes[at] += confidence / (3 * (std::abs(confidence) + 1));
    }
    Answer(tally.votes, count, out);
    return {};
  }

 private:
  struct Tally {
    double* votes;         // [n, classes]
    double* confidences;   // [n, classes]
    double* scores;        // [n]: of one member
    std::int32_t* labels;  // [n]: of one member
  };

  // Adds what member k says of the classes i and j.
  Status Vote(const Batch& batch, std::size_t k, std::size_t i, std::size_t j, const Tally& tally,
              Scratch& scratch) const {
    const bool predicts = kinds_[k] == ScoreKind::kPrediction;
    const BinaryAnswers to{.scores = tally.scores, .labels = predicts ? nullptr : tally.labels};
    if (Status status = RunBinary(*members_[k], kinds_[k], batch, to, scratch); !status) {
      return status;
    }
    const std::size_t classes = traits().classes.size();
    for (std::size_t row = 0; row < batch.count(); ++row) {
      const double score = tally.scores[row];
      // A regressor votes only if it is right on the number of a class.
      const double label = predicts ? score : tally.labels[row];
      tally.confidences[row * classes + i] -= score;
      tally.confidences[row * classes + j] += score;
      if (label == 0) tally.votes[row * classes + i] += 1;
      if (label == 1) tally.votes[row * classes + j] += 1;
    }
    return {};
  }

  void Answer(const double* votes, std::size_t count, const Outputs& out) const {
    const std::size_t classes = traits().classes.size();
    for (std::size_t row = 0; row < count; ++row) {
      const double* of_row = votes + row * classes;
      if (classes == 2) {
        if (out.labels) out.labels[row] = of_row[1] > threshold_ ? 1 : 0;
        if (out.decision) out.decision[row] = of_row[1];
        continue;
      }
      if (out.labels) out.labels[row] = static_cast<std::int32_t>(ArgMax(of_row, classes));
      if (out.decision) std::copy_n(of_row, classes, out.decision + row * classes);
    }
  }

  std::vector<EstimatorPtr> members_;
  std::vector<ScoreKind> kinds_;
  double threshold_;  // where there are two classes
};

EstimatorPtr ReadOneVersusOne(Fitted& fitted) {
  Classes classes = fitted.ReadClasses();
  if (fitted.Has("pairwise_indices_")) {
    fitted.Fail(
        "its estimators take a precomputed kernel, of which each needs other columns; this is not "
        "supported: fit it with a kernel that is computed from the features");
  }
  std::vector<EstimatorPtr> members = ReadMembers(fitted, "estimators_", fitted.GivenWidth());
  const std::size_t pairs = classes.size() * (classes.size() - 1) / 2;
  if (fitted.ok() && (classes.size() < 2 || members.size() != pairs)) {
    fitted.FailFor("estimators_", "are not one for each pair of classes");
  }
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kClassifier, 0);
  DescribeInputs(fitted, members, traits);
  std::vector<ScoreKind> kinds;
  for (const EstimatorPtr& member : members) {
    kinds.push_back(ChooseScore(fitted, member->traits()));
    if (fitted.ok() && kinds.back() != ScoreKind::kPrediction) {
      ClassNumbers(fitted, member->traits(), 2);
    }
  }
  if (!fitted.ok()) return nullptr;
  // Before 1.1 the threshold was 0 whatever the score.
  const double threshold = fitted.VersionAtLeast(1, 1) ? ThresholdOf(kinds.front()) : 0.0;
  traits.decision_width = classes.size() == 2 ? 1 : classes.size();
  traits.widest = std::max(traits.widest, 2 * classes.size());
  traits.classes = std::move(classes);
  return std::make_unique<OneVersusOne>(std::move(traits), std::move(members), std::move(kinds),
                                        threshold);
}

}  // namespace

std::span<const RegistryEntry> OneVersusOneFamily() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.multiclass.OneVsOneClassifier", ReadOneVersusOne}};
  return kEntries;
}

}  // namespace plinth::sklearn
