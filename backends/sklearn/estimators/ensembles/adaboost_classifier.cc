// AdaBoostClassifier: a weighted vote of classifiers (SAMME), or, up to scikit-learn 1.5, a sum of
// their log-probabilities (SAMME.R).
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "estimators/ensembles/members.h"
#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

struct Vote {
  std::vector<double> weights;  // one a member
  double sum = 1;               // of all weights
  bool real = false;            // SAMME.R
  // What a class gets of a member's weight that another one is given to.
  double others = 0;
};

class AdaBoostVote final : public BatchEstimator {
 public:
  // `places[m]` says which class each of member m's is. For SAMME.R they are all the same classes.
  AdaBoostVote(Traits traits, std::vector<EstimatorPtr> members,
               std::vector<std::vector<std::int32_t>> places, Vote vote)
      : BatchEstimator(std::move(traits)),
        members_(std::move(members)),
        places_(std::move(places)),
        vote_(std::move(vote)) {}

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const std::size_t count = batch.count();
    const std::size_t classes = traits().classes.size();
    double* sums = frame.Take<double>(count * classes);
    std::fill_n(sums, count * classes, 0.0);
    for (std::size_t m = 0; m < members_.size(); ++m) {
      const Status status =
          vote_.real ? AddLogs(m, batch, sums, scratch) : AddVotes(m, batch, sums, scratch);
      if (!status) return status;
    }
    for (std::size_t i = 0; i < count * classes; ++i) sums[i] /= vote_.sum;
    for (std::size_t row = 0; row < count; ++row) {
      if (classes == 2) {
        FinishTwo(sums + 2 * row, row, out);
      } else {
        FinishMany(sums + classes * row, row, out);
      }
    }
    return {};
  }

 private:
  Status AddVotes(std::size_t m, const Batch& batch, double* sums, Scratch& scratch) const;
  Status AddLogs(std::size_t m, const Batch& batch, double* sums, Scratch& scratch) const;
  void FinishTwo(const double* sums, std::size_t row, const Outputs& out) const;
  void FinishMany(const double* sums, std::size_t row, const Outputs& out) const;

  std::vector<EstimatorPtr> members_;
  std::vector<std::vector<std::int32_t>> places_;
  Vote vote_;
};

Status AdaBoostVote::AddVotes(std::size_t m, const Batch& batch, double* sums,
                              Scratch& scratch) const {
  Scratch::Frame frame(scratch);
  auto* labels = frame.Take<std::int32_t>(batch.count());
  if (Status status = members_[m]->RunBatch(batch, Outputs{.labels = labels}, scratch); !status) {
    return status;
  }
  const std::size_t classes = traits().classes.size();
  const double weight = vote_.weights[m];
  for (std::size_t row = 0; row < batch.count(); ++row) {
    const auto chosen = static_cast<std::size_t>(places_[m][static_cast<std::size_t>(labels[row])]);
    for (std::size_t k = 0; k < classes; ++k) {
      sums[row * classes + k] += k == chosen ? weight : vote_.others * weight;
    }
  }
  return {};
}

Status AdaBoostVote::AddLogs(std::size_t m, const Batch& batch, double* sums,
                             Scratch& scratch) const {
  Scratch::Frame frame(scratch);
  const std::size_t classes = traits().classes.size();
  const auto count = static_cast<double>(classes);
  double* logs = frame.Take<double>(batch.count() * classes);
  if (Status status = members_[m]->RunBatch(batch, Outputs{.probabilities = logs}, scratch);
      !status) {
    return status;
  }
  for (std::size_t row = 0; row < batch.count(); ++row) {
    double* p = logs + row * classes;
    double sum = 0;
    for (std::size_t k = 0; k < classes; ++k) {
      p[k] = std::log(std::max(p[k], std::numeric_limits<double>::epsilon()));
      sum += p[k];
    }
    for (std::size_t k = 0; k < classes; ++k) {
      sums[row * classes + k] += (count - 1) * (p[k] - (1 / count) * sum);
    }
  }
  return {};
}

void AdaBoostVote::FinishTwo(const double* sums, std::size_t row, const Outputs& out) const {
  const double decision = -sums[0] + sums[1];
  if (out.decision) out.decision[row] = decision;
  if (out.labels) out.labels[row] = decision > 0 ? 1 : 0;
  if (out.probabilities == nullptr) return;
  double* p = out.probabilities + 2 * row;
  p[0] = -decision / 2;
  p[1] = decision / 2;
  Softmax(p, 2);
}

void AdaBoostVote::FinishMany(const double* sums, std::size_t row, const Outputs& out) const {
  const std::size_t classes = traits().classes.size();
  if (out.decision) std::copy_n(sums, classes, out.decision + row * classes);
  if (out.labels) out.labels[row] = static_cast<std::int32_t>(ArgMax(sums, classes));
  if (out.probabilities == nullptr) return;
  double* p = out.probabilities + row * classes;
  for (std::size_t k = 0; k < classes; ++k) p[k] = sums[k] / static_cast<double>(classes - 1);
  Softmax(p, classes);
}

Vote ReadVote(Fitted& fitted, std::size_t members, std::size_t classes) {
  Vote vote;
  vote.weights = fitted.Vector("estimator_weights_");
  if (fitted.ok() && vote.weights.size() < members) {
    fitted.FailFor("estimator_weights_", "has too few numbers");
  }
  vote.sum = 0;
  for (double weight : vote.weights) vote.sum += weight;
  vote.real = fitted.Text("algorithm", "SAMME") == "SAMME.R";
  if (fitted.VersionAtLeast(1, 3)) vote.others = -1 / static_cast<double>(classes - 1);
  return vote;
}

EstimatorPtr Read(Fitted& fitted) {
  Classes classes = fitted.ReadClasses();
  if (fitted.ok() && classes.size() < 2) {
    fitted.Fail("'classes_' has one class; two or more were expected");
  }
  std::vector<EstimatorPtr> members = ReadMembers(fitted, "estimators_", fitted.GivenWidth());
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kClassifier, members.front()->traits().inputs);
  DescribeInputs(fitted, members, traits);
  Vote vote = ReadVote(fitted, members.size(), classes.size());
  std::vector<std::vector<std::int32_t>> places;
  for (const EstimatorPtr& member : members) {
    places.push_back(MatchClasses(fitted, member->traits(), classes));
    const bool all = places.back().size() == classes.size() && member->traits().probabilities;
    if (vote.real && !all) fitted.Fail("one of its estimators does not give all probabilities");
    if (!fitted.ok()) return nullptr;
  }
  traits.decision_width = classes.size() == 2 ? 1 : classes.size();
  traits.classes = std::move(classes);
  traits.probabilities = true;
  return std::make_unique<AdaBoostVote>(std::move(traits), std::move(members), std::move(places),
                                        std::move(vote));
}

}  // namespace

std::span<const RegistryEntry> AdaBoostClassifiers() {
  static constexpr RegistryEntry kEntries[] = {{"sklearn.ensemble.AdaBoostClassifier", Read}};
  return kEntries;
}

}  // namespace plinth::sklearn
