// Regressors whose prediction is X @ coef_ + intercept_, or the exponential of it.
#include <cmath>
#include <utility>

#include "estimators/families.h"
#include "estimators/linear/linear_state.h"

namespace plinth::sklearn {
namespace {

class LinearRegressor final : public Estimator {
 public:
  LinearRegressor(Traits traits, LinearState state, bool exponential)
      : Estimator(std::move(traits)), state_(std::move(state)), exponential_(exponential) {}

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (out.values == nullptr) return {};
    Affine(rows, state_.weights.data(), state_.bias.data(), state_.outputs, out.values);
    ApplyLink(rows.count, out.values);
    return {};
  }

  Status RunSparse(const SparseRows& rows, const Outputs& out, Scratch&) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (out.values == nullptr) return {};
    sparse_.Run(rows, state_.weights.data(), state_.bias.data(), state_.outputs, out.values);
    ApplyLink(rows.count, out.values);
    return {};
  }

 private:
  void ApplyLink(std::size_t count, double* values) const {
    if (!exponential_) return;
    for (std::size_t i = 0; i < count * state_.outputs; ++i) values[i] = std::exp(values[i]);
  }

  LinearState state_;
  SparseAffine sparse_;
  bool exponential_;
};

EstimatorPtr Read(Fitted& fitted, bool exponential) {
  LinearState state = ReadLinearState(fitted);
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kRegressor, state.inputs);
  traits.outputs = state.outputs;
  traits.flat = state.flat;
  traits.takes_sparse = true;
  return std::make_unique<LinearRegressor>(std::move(traits), std::move(state), exponential);
}

EstimatorPtr ReadIdentity(Fitted& fitted) { return Read(fitted, false); }

// The generalised linear models with the log link.
EstimatorPtr ReadExponential(Fitted& fitted) { return Read(fitted, true); }

// The link is chosen by name; before 1.1 it could also be an object.
EstimatorPtr ReadTweedie(Fitted& fitted) {
  const Value* link = fitted.Find("link");
  std::string_view name = "auto";
  if (link && link->Is(Kind::kObject)) {
    name = link->text.ends_with(".LogLink")        ? "log"
           : link->text.ends_with(".IdentityLink") ? "identity"
                                                   : link->text;
  } else {
    name = fitted.Text("link", "auto");
  }
  if (name != "auto" && name != "log" && name != "identity") {
    fitted.Fail("link '" + std::string(name.substr(0, 80)) +
                "' is not supported; auto, log and identity are");
  }
  return Read(fitted, name == "log" || (name == "auto" && fitted.Number("power", 0) > 0));
}

}  // namespace

std::span<const RegistryEntry> LinearRegressors() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.linear_model.ARDRegression", ReadIdentity},
      {"sklearn.linear_model.BayesianRidge", ReadIdentity},
      {"sklearn.linear_model.ElasticNet", ReadIdentity},
      {"sklearn.linear_model.ElasticNetCV", ReadIdentity},
      {"sklearn.linear_model.GammaRegressor", ReadExponential},
      {"sklearn.linear_model.HuberRegressor", ReadIdentity},
      {"sklearn.linear_model.Lars", ReadIdentity},
      {"sklearn.linear_model.LarsCV", ReadIdentity},
      {"sklearn.linear_model.Lasso", ReadIdentity},
      {"sklearn.linear_model.LassoCV", ReadIdentity},
      {"sklearn.linear_model.LassoLars", ReadIdentity},
      {"sklearn.linear_model.LassoLarsCV", ReadIdentity},
      {"sklearn.linear_model.LassoLarsIC", ReadIdentity},
      {"sklearn.linear_model.LinearRegression", ReadIdentity},
      {"sklearn.linear_model.MultiTaskElasticNet", ReadIdentity},
      {"sklearn.linear_model.MultiTaskElasticNetCV", ReadIdentity},
      {"sklearn.linear_model.MultiTaskLasso", ReadIdentity},
      {"sklearn.linear_model.MultiTaskLassoCV", ReadIdentity},
      {"sklearn.linear_model.OrthogonalMatchingPursuit", ReadIdentity},
      {"sklearn.linear_model.OrthogonalMatchingPursuitCV", ReadIdentity},
      {"sklearn.linear_model.PassiveAggressiveRegressor", ReadIdentity},
      {"sklearn.linear_model.PoissonRegressor", ReadExponential},
      {"sklearn.linear_model.QuantileRegressor", ReadIdentity},
      {"sklearn.linear_model.Ridge", ReadIdentity},
      {"sklearn.linear_model.RidgeCV", ReadIdentity},
      {"sklearn.linear_model.SGDRegressor", ReadIdentity},
      {"sklearn.linear_model.TheilSenRegressor", ReadIdentity},
      {"sklearn.linear_model.TweedieRegressor", ReadTweedie},
      {"sklearn.svm.LinearSVR", ReadIdentity},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
