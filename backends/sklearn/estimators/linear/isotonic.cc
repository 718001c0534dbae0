// IsotonicRegression: predict() and transform() are the same.
#include <utility>

#include "estimators/families.h"
#include "estimators/linear/isotonic_curve.h"

namespace plinth::sklearn {
namespace {

class IsotonicRegressor final : public Estimator {
 public:
  IsotonicRegressor(Traits traits, IsotonicCurve curve)
      : Estimator(std::move(traits)), curve_(std::move(curve)) {}

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    for (std::size_t i = 0; i < rows.count; ++i) {
      const std::optional<double> y = curve_.At(rows.data[i]);
      if (!y) {
        return Fail(Code::kInvalidArgument,
                    "Input X is out of the bounds of fit() (row " + std::to_string(rows.first + i) +
                        "); numbers from " + std::to_string(curve_.low()) + " to " +
                        std::to_string(curve_.high()) + " were expected");
      }
      if (out.values) out.values[i] = *y;
      if (out.transformed) out.transformed[i] = *y;
    }
    return {};
  }

 private:
  IsotonicCurve curve_;
};

EstimatorPtr ReadIsotonic(Fitted& fitted) {
  IsotonicCurve curve = IsotonicCurve::Read(fitted);
  const std::size_t inputs = fitted.Inputs(1);
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kRegressor, inputs);
  traits.outputs = 1;
  traits.flat = true;
  traits.transform_width = 1;
  traits.flat_transform = true;
  return std::make_unique<IsotonicRegressor>(std::move(traits), std::move(curve));
}

}  // namespace

std::span<const RegistryEntry> Isotonic() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.isotonic.IsotonicRegression", ReadIsotonic}};
  return kEntries;
}

}  // namespace plinth::sklearn
