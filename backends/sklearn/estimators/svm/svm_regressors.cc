// SVR and NuSVR.
#include <utility>

#include "estimators/families.h"
#include "estimators/svm/svm_state.h"

namespace plinth::sklearn {
namespace {

class SvmRegressor final : public Estimator {
 public:
  SvmRegressor(Traits traits, SvmDecision decision)
      : Estimator(std::move(traits)), decision_(std::move(decision)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    return RunOn(rows, out, scratch);
  }

  Status RunSparse(const SparseRows& rows, const Outputs& out, Scratch& scratch) const override {
    return RunOn(rows, out, scratch);
  }

 private:
  template <typename AnyRows>
  Status RunOn(const AnyRows& rows, const Outputs& out, Scratch& scratch) const {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (out.values) decision_.Compute(rows, out.values, scratch);
    return {};
  }

  SvmDecision decision_;
};

EstimatorPtr ReadSvmRegressor(Fitted& fitted) {
  SvmDecision decision = SvmDecision::Read(fitted, 0);
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kRegressor, decision.inputs());
  traits.outputs = 1;
  traits.flat = true;
  traits.takes_sparse = true;
  return std::make_unique<SvmRegressor>(std::move(traits), std::move(decision));
}

}  // namespace

std::span<const RegistryEntry> SvmRegressors() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.svm.NuSVR", ReadSvmRegressor},
      {"sklearn.svm.SVR", ReadSvmRegressor},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
