// FunctionTransformer: a function of NumPy or SciPy for each number, or, without one, X as it is.
// The latter is also what ColumnTransformer and FeatureUnion call "passthrough".
#include <algorithm>
#include <numeric>
#include <utility>

#include "estimators/families.h"
#include "estimators/preprocessing/function_arguments.h"
#include "numeric/functions.h"

namespace plinth::sklearn {
namespace {

class Identity final : public Estimator {
 public:
  using Estimator::Estimator;

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    if (out.values) std::copy_n(rows.data, rows.count * rows.width, out.values);
    return {};
  }

  Result<Batch> Transform(const Batch& batch, Scratch::Frame&) const override { return batch; }

  Status TransformSparse(const Batch& batch, SparseMatrix& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const Result<SparseRows> rows = ToSparse(batch, frame);
    if (!rows) return Fail(rows.error());
    Append(*rows, out);
    return {};
  }

  Result<Table> TransformTable(const Batch& batch, Scratch::Frame& frame) const override {
    return ToTable(batch, frame);
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

template <typename Function>
class Elementwise final : public Estimator {
 public:
  Elementwise(Traits traits, Function function)
      : Estimator(std::move(traits)), function_(function) {}

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    if (out.values == nullptr) return {};
    std::transform(rows.data, rows.data + rows.count * rows.width, out.values, function_);
    return {};
  }

 private:
  Function function_;
};

template <typename Function>
EstimatorPtr MakeElementwise(Fitted& fitted, std::size_t inputs, Function function) {
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = inputs;
  return std::make_unique<Elementwise<Function>>(std::move(traits), function);
}

EstimatorPtr ReadFunctionTransformer(Fitted& fitted) {
  const std::size_t inputs = fitted.Inputs();
  if (!fitted.ok()) return nullptr;
  if (!fitted.Has("func") || IsCheck(*fitted.Find("func"))) return MakeIdentity(inputs);
  const Value& func = *fitted.Find("func");
  const std::string_view path = func.Is(Kind::kGlobal) ? std::string_view(func.text) : "";
  const Value* arguments = fitted.Find("kw_args");
  const bool plain = arguments == nullptr || arguments->items.empty();
  auto* const function = plain ? FindFunction(path) : nullptr;
  if (function != nullptr) return MakeElementwise(fitted, inputs, function);
  if (const auto bound = BindFunction(path, arguments)) {
    return MakeElementwise(fitted, inputs, *bound);
  }
  fitted.Fail(
      "it calls a Python function, which cannot be run here; functions of one number in numpy and "
      "scipy.special can, such as numpy.log1p, and with kw_args numpy.clip, numpy.round and "
      "numpy.nan_to_num");
  return nullptr;
}

}  // namespace

EstimatorPtr MakeIdentity(std::size_t inputs) {
  Traits traits;
  traits.name = "passthrough";
  traits.inputs = traits.outputs = inputs;
  traits.takes_sparse = true;
  traits.input_types.assign(inputs, ColumnType::kAny);
  traits.output_types = traits.input_types;
  traits.origins.resize(inputs);
  std::iota(traits.origins.begin(), traits.origins.end(), std::size_t{0});
  return std::make_unique<Identity>(std::move(traits));
}

std::span<const RegistryEntry> FunctionTransformers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.preprocessing.FunctionTransformer", ReadFunctionTransformer}};
  return kEntries;
}

}  // namespace plinth::sklearn
