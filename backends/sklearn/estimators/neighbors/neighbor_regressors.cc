// KNeighborsRegressor and RadiusNeighborsRegressor: the mean of the neighbours' targets.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "estimators/families.h"
#include "estimators/neighbors/neighbor_query.h"

namespace plinth::sklearn {
namespace {

class NeighborRegressor final : public Estimator {
 public:
  NeighborRegressor(Traits traits, NeighborQuery query, std::vector<double> targets, double none)
      : Estimator(std::move(traits)),
        query_(std::move(query)),
        targets_(std::move(targets)),
        none_(none) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows, query_.search().allows_nan()); !finite) return finite;
    if (out.values == nullptr) return {};
    return query_.ForEach(rows, scratch, [&](std::size_t i, const Neighborhood& found) -> Status {
      Average(found, out.values + i * traits().outputs);
      return {};
    });
  }

 private:
  void Average(const Neighborhood& found, double* out) const {
    const std::size_t outputs = traits().outputs;
    if (found.count == 0) {
      std::fill_n(out, outputs, none_);
      return;
    }
    if (query_.weighted()) WeighDistances(found);
    std::fill_n(out, outputs, 0.0);
    double total = 0;
    for (std::size_t k = 0; k < found.count; ++k) {
      const double weight = query_.weighted() ? found.distances[k] : 1.0;
      const double* target = &targets_[found.indices[k] * outputs];
      for (std::size_t j = 0; j < outputs; ++j) out[j] += weight * target[j];
      total += weight;
    }
    for (std::size_t j = 0; j < outputs; ++j) out[j] /= total;
  }

  NeighborQuery query_;
  std::vector<double> targets_;  // fitted rows x outputs
  double none_;                  // what a row without neighbours gets
};

// NaN in the type of the targets: numpy makes the smallest number of it if they are integers.
double NothingIn(const Value* targets) {
  const bool integers =
      targets && targets->Is(Kind::kArray) && targets->array && targets->array->dtype->kind == 'i';
  if (!integers) return std::numeric_limits<double>::quiet_NaN();
  constexpr int kBitsOfByte = 8;
  return -std::ldexp(1.0, kBitsOfByte * static_cast<int>(targets->array->dtype->size) - 1);
}

EstimatorPtr Read(Fitted& fitted, NeighborQuery query) {
  if (!fitted.ok()) return nullptr;
  Matrix targets = fitted.ReadMatrix("_y");
  const std::size_t rows = query.search().size();
  const std::size_t outputs = targets.is_vector ? 1 : targets.columns;
  if (fitted.ok() && (outputs == 0 || targets.data.size() != rows * outputs)) {
    fitted.FailFor("_y", "is not one target for each fitted row");
  }
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kRegressor, query.search().inputs());
  traits.outputs = outputs;
  traits.flat = targets.is_vector;
  return std::make_unique<NeighborRegressor>(std::move(traits), std::move(query),
                                             std::move(targets.data), NothingIn(fitted.Find("_y")));
}

EstimatorPtr ReadKNeighbors(Fitted& fitted) {
  return Read(fitted, NeighborQuery::ReadNearest(fitted));
}

EstimatorPtr ReadRadiusNeighbors(Fitted& fitted) {
  return Read(fitted, NeighborQuery::ReadWithin(fitted));
}

}  // namespace

std::span<const RegistryEntry> NeighborRegressors() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.neighbors.KNeighborsRegressor", ReadKNeighbors},
      {"sklearn.neighbors.RadiusNeighborsRegressor", ReadRadiusNeighbors},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
