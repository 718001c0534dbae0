// MultiOutputClassifier and MultiOutputRegressor: an estimator for each target.
#include <algorithm>
#include <utility>

#include "estimators/ensembles/members.h"
#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

// Puts what one member gives, [n, width], into the columns of all, [n, total], from `at` on.
template <typename T>
void PutColumns(const T* from, std::size_t count, std::size_t width, std::size_t at,
                std::size_t total, T* to) {
  for (std::size_t i = 0; i < count; ++i) std::copy_n(from + i * width, width, to + i * total + at);
}

class MultiOutput final : public BatchEstimator {
 public:
  MultiOutput(Traits traits, std::vector<EstimatorPtr> members)
      : BatchEstimator(std::move(traits)), members_(std::move(members)) {}

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    const std::size_t total = traits().ProbabilityWidth();
    std::size_t column = 0;
    for (std::size_t k = 0; k < members_.size(); ++k) {
      if (Status status = RunMember(batch, k, column, total, out, scratch); !status) return status;
      column += members_[k]->traits().ProbabilityWidth();
    }
    return {};
  }

 private:
  // The probabilities of member k go to the columns from `column` on, of `total`.
  Status RunMember(const Batch& batch, std::size_t k, std::size_t column, std::size_t total,
                   const Outputs& out, Scratch& scratch) const {
    Scratch::Frame frame(scratch);
    const std::size_t count = batch.count();
    const std::size_t width = members_[k]->traits().ProbabilityWidth();
    Outputs to;
    if (out.values) to.values = frame.Take<double>(count);
    if (out.labels) to.labels = frame.Take<std::int32_t>(count);
    if (out.probabilities) to.probabilities = frame.Take<double>(count * width);
    if (Status status = members_[k]->RunBatch(batch, to, scratch); !status) return status;
    if (out.values) PutColumns(to.values, count, 1, k, members_.size(), out.values);
    if (out.labels) PutColumns(to.labels, count, 1, k, members_.size(), out.labels);
    if (out.probabilities) {
      PutColumns(to.probabilities, count, width, column, total, out.probabilities);
    }
    return {};
  }

  std::vector<EstimatorPtr> members_;
};

EstimatorPtr ReadMultiOutputClassifier(Fitted& fitted) {
  std::vector<EstimatorPtr> members = ReadMembers(fitted, "estimators_", fitted.GivenWidth());
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kClassifier, 0);
  DescribeInputs(fitted, members, traits);
  traits.probabilities = true;
  for (const EstimatorPtr& member : members) {
    const Traits& part = member->traits();
    if (part.role != Role::kClassifier || !part.targets.empty()) {
      fitted.Fail(part.name + " in it is not a classifier of one target");
    }
    if (!part.probabilities) traits.probabilities = false;
    traits.targets.push_back(part.classes);
    if (!fitted.ok() || !fitted.limits().Charge(part.classes.size() * sizeof(std::string))) {
      fitted.Fail("it is too large for its file");
      return nullptr;
    }
  }
  traits.widest = std::max(traits.widest, traits.ProbabilityWidth());
  return std::make_unique<MultiOutput>(std::move(traits), std::move(members));
}

EstimatorPtr ReadMultiOutputRegressor(Fitted& fitted) {
  std::vector<EstimatorPtr> members = ReadMembers(fitted, "estimators_", fitted.GivenWidth());
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kRegressor, 0);
  DescribeInputs(fitted, members, traits);
  for (const EstimatorPtr& member : members) {
    const Traits& part = member->traits();
    if (part.role != Role::kRegressor || part.outputs != 1) {
      fitted.Fail(part.name + " in it is not a regressor of one target");
    }
  }
  if (!fitted.ok()) return nullptr;
  traits.outputs = members.size();
  return std::make_unique<MultiOutput>(std::move(traits), std::move(members));
}

}  // namespace

std::span<const RegistryEntry> MultiOutputs() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.multioutput.MultiOutputClassifier", ReadMultiOutputClassifier},
      {"sklearn.multioutput.MultiOutputRegressor", ReadMultiOutputRegressor},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
