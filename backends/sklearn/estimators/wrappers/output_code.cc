// OutputCodeClassifier: each class has a code word, each estimator tells one digit of it, and the
// class whose word is nearest wins.
#include <algorithm>
#include <utility>

#include "estimators/ensembles/members.h"
#include "estimators/families.h"
#include "estimators/wrappers/binary_scores.h"

namespace plinth::sklearn {
namespace {

class OutputCode final : public BatchEstimator {
 public:
  OutputCode(Traits traits, std::vector<EstimatorPtr> members, std::vector<ScoreKind> kinds,
             std::vector<double> words)
      : BatchEstimator(std::move(traits)),
        members_(std::move(members)),
        kinds_(std::move(kinds)),
        words_(std::move(words)) {
    const std::size_t digits = members_.size();
    for (std::size_t c = 0; c < this->traits().classes.size(); ++c) {
      const double* word = &words_[c * digits];
      squares_.push_back(Dot(word, word, digits));
    }
  }

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const std::size_t digits = members_.size();
    double* of_member = frame.Take<double>(batch.count());
    double* code = frame.Take<double>(batch.count() * digits);
    for (std::size_t k = 0; k < digits; ++k) {
      if (Status status = RunBinary(*members_[k], kinds_[k], batch, {.scores = of_member}, scratch);
          !status) {
        return status;
      }
      for (std::size_t i = 0; i < batch.count(); ++i) code[i * digits + k] = of_member[i];
    }
    for (std::size_t i = 0; out.labels && i < batch.count(); ++i) {
      out.labels[i] = Nearest(code + i * digits);
    }
    return {};
  }

 private:
  // By the squared distance without the square of the code, which is the same for all.
  std::int32_t Nearest(const double* code) const {
    const std::size_t digits = members_.size();
    std::size_t nearest = 0;
    double least = 0;
    for (std::size_t c = 0; c < squares_.size(); ++c) {
      const double distance = squares_[c] - 2 * Dot(code, &words_[c * digits], digits);
      if (c > 0 && !(distance < least)) continue;
      least = distance;
      nearest = c;
    }
    return static_cast<std::int32_t>(nearest);
  }

  std::vector<EstimatorPtr> members_;
  std::vector<ScoreKind> kinds_;
  std::vector<double> words_;    // classes x digits
  std::vector<double> squares_;  // a class: the square of its word's length
};

EstimatorPtr ReadOutputCode(Fitted& fitted) {
  Classes classes = fitted.ReadClasses();
  Matrix words = fitted.ReadMatrix("code_book_");
  std::vector<EstimatorPtr> members = ReadMembers(fitted, "estimators_", fitted.GivenWidth());
  if (fitted.ok() && (words.rows != classes.size() || words.columns != members.size())) {
    fitted.FailFor("code_book_",
                   "does not have a row for each class, and a column for each estimator");
  }
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kClassifier, 0);
  DescribeInputs(fitted, members, traits);
  std::vector<ScoreKind> kinds;
  for (const EstimatorPtr& member : members) kinds.push_back(ChooseScore(fitted, member->traits()));
  if (!fitted.ok()) return nullptr;
  traits.widest = std::max(traits.widest, members.size());
  traits.classes = std::move(classes);
  return std::make_unique<OutputCode>(std::move(traits), std::move(members), std::move(kinds),
                                      std::move(words.data));
}

}  // namespace

std::span<const RegistryEntry> OutputCodes() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.multiclass.OutputCodeClassifier", ReadOutputCode}};
  return kEntries;
}

}  // namespace plinth::sklearn
