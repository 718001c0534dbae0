// TransformedTargetRegressor: a regressor fitted on a target that was transformed; its predictions
// are transformed back.
#include <utility>

#include "estimators/families.h"
#include "estimators/wrappers/inverse.h"

namespace plinth::sklearn {
namespace {

class TransformedTarget final : public BatchEstimator {
 public:
  TransformedTarget(Traits traits, EstimatorPtr regressor, Inverse inverse)
      : BatchEstimator(std::move(traits)),
        regressor_(std::move(regressor)),
        inverse_(std::move(inverse)) {}

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    if (Status status = regressor_->RunBatch(batch, out, scratch); !status) return status;
    if (out.values) inverse_(out.values, batch.count());
    return {};
  }

 private:
  EstimatorPtr regressor_;
  Inverse inverse_;
};

EstimatorPtr ReadTransformedTarget(Fitted& fitted) {
  const Value* regressor = fitted.Require("regressor_");
  const Value* transformer = fitted.Require("transformer_");
  EstimatorPtr inner = regressor ? fitted.Child(*regressor, fitted.GivenWidth()) : nullptr;
  if (!fitted.ok()) return nullptr;
  Traits traits = inner->traits();
  if (traits.role != Role::kRegressor) {
    fitted.Fail(traits.name + " in it is not a regressor");
    return nullptr;
  }
  Inverse inverse = ReadInverse(fitted, *transformer, traits.outputs);
  // The dimensions of y at fit().
  traits.flat = fitted.Number("_training_dim", 1) == 1 && traits.outputs == 1;
  traits.name = fitted.class_name();
  traits.transform_width = 0;
  if (!fitted.ok()) return nullptr;
  return std::make_unique<TransformedTarget>(std::move(traits), std::move(inner),
                                             std::move(inverse));
}

}  // namespace

std::span<const RegistryEntry> TransformedTargets() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.compose.TransformedTargetRegressor", ReadTransformedTarget}};
  return kEntries;
}

}  // namespace plinth::sklearn
