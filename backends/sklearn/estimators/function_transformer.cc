// FunctionTransformer without a function: X as it is. ColumnTransformer and FeatureUnion use it for
// "passthrough".
#include <algorithm>
#include <utility>

#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

class Identity final : public Estimator {
 public:
  using Estimator::Estimator;

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    if (out.values) std::copy_n(rows.data, rows.count * rows.width, out.values);
    return {};
  }
};

EstimatorPtr ReadFunctionTransformer(Fitted& fitted) {
  const std::size_t inputs = fitted.Inputs();
  if (fitted.Has("func")) fitted.Fail("it calls a Python function, which cannot be run here");
  if (!fitted.ok()) return nullptr;
  return MakeIdentity(inputs);
}

}  // namespace

EstimatorPtr MakeIdentity(std::size_t inputs) {
  Traits traits;
  traits.name = "passthrough";
  traits.inputs = traits.outputs = inputs;
  return std::make_unique<Identity>(std::move(traits));
}

std::span<const RegistryEntry> FunctionTransformers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.preprocessing.FunctionTransformer", ReadFunctionTransformer}};
  return kEntries;
}

}  // namespace plinth::sklearn
