// AdaBoostRegressor: the weighted median of its members.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "estimators/ensembles/members.h"
#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

class WeightedMedian final : public BatchEstimator {
 public:
  // `weights`: one a member.
  WeightedMedian(Traits traits, std::vector<EstimatorPtr> members, std::vector<double> weights)
      : BatchEstimator(std::move(traits)),
        members_(std::move(members)),
        weights_(std::move(weights)) {}

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const std::size_t count = batch.count();
    double* predictions = frame.Take<double>(members_.size() * count);
    for (std::size_t m = 0; m < members_.size(); ++m) {
      const Outputs to{.values = predictions + m * count};
      if (Status status = members_[m]->RunBatch(batch, to, scratch); !status) return status;
    }
    if (out.values == nullptr) return {};
    auto* order = frame.Take<std::uint32_t>(members_.size());
    double* row = frame.Take<double>(members_.size());
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t m = 0; m < members_.size(); ++m) row[m] = predictions[m * count + i];
      out.values[i] = row[Median(row, order)];
    }
    return {};
  }

 private:
  // The member at the median of the weights, which are put in the order of the values.
  std::uint32_t Median(const double* values, std::uint32_t* order) const;

  std::vector<EstimatorPtr> members_;
  std::vector<double> weights_;
};

std::uint32_t WeightedMedian::Median(const double* values, std::uint32_t* order) const {
  std::iota(order, order + members_.size(), 0U);
  // As numpy sorts: NaN at the end.
  std::sort(order, order + members_.size(), [&](std::uint32_t a, std::uint32_t b) {
    const bool less = values[a] < values[b] || (!std::isnan(values[a]) && std::isnan(values[b]));
    const bool more = values[b] < values[a] || (!std::isnan(values[b]) && std::isnan(values[a]));
    return less || (!more && a < b);
  });
  double total = 0;
  for (std::size_t i = 0; i < members_.size(); ++i) total += weights_[order[i]];
  double below = 0;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    below += weights_[order[i]];
    if (below >= 0.5 * total) return order[i];
  }
  return order[0];
}

EstimatorPtr Read(Fitted& fitted) {
  std::vector<EstimatorPtr> members = ReadMembers(fitted, "estimators_", fitted.GivenWidth());
  std::vector<double> weights = fitted.Vector("estimator_weights_");
  if (fitted.ok() && weights.size() < members.size()) {
    fitted.FailFor("estimator_weights_", "has too few numbers");
  }
  for (const EstimatorPtr& member : members) {
    const Traits& part = member->traits();
    if (part.role != Role::kRegressor || part.outputs != 1) {
      fitted.Fail(part.name + " in it is not a regressor of one target");
    }
  }
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kRegressor, members.front()->traits().inputs);
  DescribeInputs(fitted, members, traits);
  if (!fitted.ok()) return nullptr;
  traits.outputs = 1;
  traits.flat = true;
  traits.widest = std::max(traits.widest, members.size());
  return std::make_unique<WeightedMedian>(std::move(traits), std::move(members),
                                          std::move(weights));
}

}  // namespace

std::span<const RegistryEntry> AdaBoostRegressors() {
  static constexpr RegistryEntry kEntries[] = {{"sklearn.ensemble.AdaBoostRegressor", Read}};
  return kEntries;
}

}  // namespace plinth::sklearn
