// PLSRegression, PLSCanonical, CCA and PLSSVD: X is centred and scaled, then predicts Y through one
// matrix and is transformed by another.
#include <utility>

#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

struct PlsState {
  std::vector<double> mean;
  std::vector<double> deviation;
  std::vector<double> rotations;  // components x inputs
  std::size_t components = 0;
  // The regression, which PLSSVD lacks. Its coefficients are for X that is centred and scaled.
  std::vector<double> coefficients;  // targets x inputs
  std::vector<double> intercept;     // a target
};

class PartialLeastSquares final : public Estimator {
 public:
  PartialLeastSquares(Traits traits, PlsState state)
      : Estimator(std::move(traits)), state_(std::move(state)), zeros_(state_.components, 0.0) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    Scratch::Frame frame(scratch);
    double* standard = frame.Take<double>(rows.count * rows.width);
    for (std::size_t i = 0; i < rows.count; ++i) {
      const double* row = rows.row(i);
      double* to = standard + i * rows.width;
      for (std::size_t j = 0; j < rows.width; ++j) {
        to[j] = (row[j] - state_.mean[j]) / state_.deviation[j];
      }
    }
    rows.data = standard;
    double* transformed = traits().role == Role::kTransformer ? out.values : out.transformed;
    if (transformed) {
      Affine(rows, state_.rotations.data(), zeros_.data(), state_.components, transformed);
    }
    if (out.values && traits().role == Role::kRegressor) {
      Affine(rows, state_.coefficients.data(), state_.intercept.data(), state_.intercept.size(),
             out.values);
    }
    return {};
  }

 private:
  PlsState state_;
  std::vector<double> zeros_;  // a component
};

// What transform() needs; `rotations` is [inputs, components].
PlsState ReadTransform(Fitted& fitted, std::string_view rotations) {
  const Matrix matrix = fitted.ReadMatrix(rotations);
  PlsState state;
  const std::size_t inputs = fitted.Inputs(matrix.rows);
  state.mean = fitted.Vector("_x_mean", inputs);
  state.deviation = fitted.Vector("_x_std", inputs);
  if (fitted.ok() && (matrix.is_vector || matrix.columns == 0)) {
    fitted.FailFor(rotations, "has no components");
  }
  if (!fitted.ok()) return state;
  state.rotations = Transposed(matrix);
  state.components = matrix.columns;
  return state;
}

// coef_ was [inputs, targets] before 1.1, _coef_ [targets, inputs] until 1.3, and coef_ is since.
// From 1.5 on it holds the division by the deviation, which is taken out again here, so that one
// operator does for all.
void ReadRegression(Fitted& fitted, PlsState& state) {
  const std::size_t inputs = state.mean.size();
  const bool renamed = fitted.Has("_coef_");
  const bool transposed = !renamed && !fitted.Has("intercept_");
  const Matrix matrix = fitted.ReadMatrix(renamed ? "_coef_" : "coef_");
  if (!fitted.ok()) return;
  if ((transposed ? matrix.rows : matrix.columns) != inputs) {
    fitted.FailFor("coef_", "is for another number of features");
    return;
  }
  state.coefficients = transposed ? Transposed(matrix) : matrix.data;
  const std::size_t targets = state.coefficients.size() / inputs;
  state.intercept = fitted.Vector(transposed ? "_y_mean" : "intercept_", targets);
  if (transposed || renamed || !fitted.VersionAtLeast(1, 5)) return;
  for (std::size_t i = 0; i < state.coefficients.size(); ++i) {
    state.coefficients[i] *= state.deviation[i % inputs];
  }
}

EstimatorPtr ReadPls(Fitted& fitted) {
  PlsState state = ReadTransform(fitted, "x_rotations_");
  if (fitted.ok()) ReadRegression(fitted, state);
  // Since 1.3 a model fitted with one-dimensional y gives one-dimensional predictions.
  const bool flat = fitted.Flag("_predict_1d", false);
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kRegressor, state.mean.size());
  traits.outputs = state.intercept.size();
  traits.flat = flat && traits.outputs == 1;
  traits.transform_width = state.components;
  return std::make_unique<PartialLeastSquares>(std::move(traits), std::move(state));
}

EstimatorPtr ReadPlsSvd(Fitted& fitted) {
  PlsState state = ReadTransform(fitted, "x_weights_");
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, state.mean.size());
  traits.outputs = state.components;
  return std::make_unique<PartialLeastSquares>(std::move(traits), std::move(state));
}

}  // namespace

std::span<const RegistryEntry> CrossDecompositions() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.cross_decomposition.CCA", ReadPls},
      {"sklearn.cross_decomposition.PLSCanonical", ReadPls},
      {"sklearn.cross_decomposition.PLSRegression", ReadPls},
      {"sklearn.cross_decomposition.PLSSVD", ReadPlsSvd},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
