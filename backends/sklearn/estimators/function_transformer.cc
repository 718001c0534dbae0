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

// Whether it is functools.partial(check_array, ...): what HistGradientBoosting* has for its columns
// of numbers, of which it then accepts all.
bool IsCheck(const Value& function) {
  const Value* args = function.args;
  return function.Is(Kind::kObject) && function.text == "functools.partial" && args != nullptr &&
         args->items.size() == 1 && args->items[0]->Is(Kind::kGlobal) &&
         args->items[0]->text == "sklearn.utils.validation.check_array";
}

EstimatorPtr ReadFunctionTransformer(Fitted& fitted) {
  const std::size_t inputs = fitted.Inputs();
  if (fitted.Has("func") && !IsCheck(*fitted.Find("func")))
    fitted.Fail("it calls a Python function, which cannot be run here");
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
