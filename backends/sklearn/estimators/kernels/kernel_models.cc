// What computes kernel values for the fitted rows and multiplies them by a matrix: KernelRidge,
// KernelPCA, Nystroem. And KernelCenterer, which KernelPCA has inside.
#include <algorithm>
#include <cmath>
#include <utility>

#include "estimators/families.h"
#include "estimators/kernels/kernel_state.h"
#include "numeric/products.h"

namespace plinth::sklearn {
namespace {

// Takes the means that fit() found from kernel values, and each row's own.
struct Centring {
  std::vector<double> columns;  // empty: nothing is done
  double all = 0;

  void Apply(const double* row, double* out) const {
    const std::size_t n = columns.size();
    double sum = 0;
    for (std::size_t j = 0; j < n; ++j) sum += row[j];
    const double mean = sum / static_cast<double>(n);
    for (std::size_t j = 0; j < n; ++j) out[j] = row[j] - columns[j] - mean + all;
  }
};

Centring ReadCentring(Fitted& fitted) {
  Centring centring;
  centring.columns = fitted.Vector("K_fit_rows_");
  if (fitted.Require("K_fit_all_")) centring.all = fitted.Number("K_fit_all_", 0);
  return centring;
}

class KernelCentererOperator final : public Estimator {
 public:
  KernelCentererOperator(Traits traits, Centring centring)
      : Estimator(std::move(traits)), centring_(std::move(centring)) {}

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (out.values == nullptr) return {};
    for (std::size_t i = 0; i < rows.count; ++i) {
      centring_.Apply(rows.row(i), out.values + i * rows.width);
    }
    return {};
  }

 private:
  Centring centring_;
};

class KernelModel final : public Estimator {
 public:
  KernelModel(Traits traits, Kernel kernel, Centring centring, Panels weights)
      : Estimator(std::move(traits)),
        kernel_(std::move(kernel)),
        centring_(std::move(centring)),
        weights_(std::move(weights)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (Status fits = CheckNegatives(kernel_, rows, traits().name); !fits) return fits;
    if (out.values == nullptr) return {};
    const std::size_t step = kernel_.RowsAtOnce();
    const std::size_t size = kernel_.size();
    Scratch::Frame frame(scratch);
    double* values = frame.Take<double>(step * size);
    for (std::size_t at = 0; at < rows.count; at += step) {
      const Rows part{rows.row(at), std::min(step, rows.count - at), rows.width, rows.first + at};
      kernel_.Compute(part, values, scratch);
      for (std::size_t i = 0; i < part.count && !centring_.columns.empty(); ++i) {
        centring_.Apply(values + i * size, values + i * size);
      }
      InnerProducts(Rows{values, part.count, size, 0}, weights_, AllOf(weights_),
                    out.values + at * weights_.rows());
    }
    return {};
  }

 private:
  Kernel kernel_;
  Centring centring_;
  Panels weights_;  // outputs x fitted rows
};

// `weights` is fitted rows x outputs, or the other way round if it is `transposed`.
EstimatorPtr Make(Fitted& fitted, Traits traits, Kernel kernel, Centring centring, Matrix weights,
                  bool transposed) {
  const std::size_t rows = transposed ? weights.columns : weights.rows;
  const std::size_t outputs = transposed ? weights.rows : weights.columns;
  if (fitted.ok() && (rows != kernel.size() || outputs == 0)) {
    fitted.Fail("its coefficients are not one for each fitted row");
  }
  if (!fitted.limits().Charge(weights.data.size() * sizeof(double) +
                              Panels::SizeFor(outputs, rows))) {
    fitted.Fail("it is too large for its file");
  }
  if (!fitted.ok()) return nullptr;
  std::vector<double> by_output(weights.data.size());
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < outputs; ++j) {
      by_output[j * rows + i] = weights.data[transposed ? j * rows + i : i * outputs + j];
    }
  }
  traits.outputs = outputs;
  return std::make_unique<KernelModel>(std::move(traits), std::move(kernel), std::move(centring),
                                       Panels(by_output.data(), outputs, rows));
}

EstimatorPtr ReadKernelRidge(Fitted& fitted) {
  std::size_t inputs = 0;
  Kernel kernel = ReadKernel(fitted, "X_fit_", inputs);
  Matrix dual = fitted.ReadMatrix("dual_coef_");
  Traits traits = fitted.MakeTraits(Role::kRegressor, inputs);
  traits.flat = dual.is_vector;
  return Make(fitted, std::move(traits), std::move(kernel), {}, std::move(dual), dual.is_vector);
}

EstimatorPtr ReadKernelPca(Fitted& fitted) {
  std::size_t inputs = 0;
  Kernel kernel = ReadKernel(fitted, "X_fit_", inputs);
  // These were lambdas_ and alphas_ before scikit-learn 1.0.
  const bool old = fitted.Has("lambdas_");
  Matrix vectors = fitted.ReadMatrix(old ? "alphas_" : "eigenvectors_");
  const std::vector<double> values =
      fitted.Vector(old ? "lambdas_" : "eigenvalues_", vectors.columns);
  const Value* centerer = fitted.Require("_centerer");
  if (centerer == nullptr || !fitted.ok()) return nullptr;
  Fitted part = fitted.Part(*centerer);
  Centring centring = ReadCentring(part);
  if (!part.ok()) {
    fitted.Fail(part.error().message);
  } else if (centring.columns.size() != kernel.size() || kernel.size() == 0) {
    fitted.Fail("'_centerer' is not for its fitted rows");
  }
  for (std::size_t i = 0; i < vectors.data.size(); ++i) {
    const double value = values[i % vectors.columns];
    vectors.data[i] = value == 0 ? 0 : vectors.data[i] / std::sqrt(value);
  }
  return Make(fitted, fitted.MakeTraits(Role::kTransformer, inputs), std::move(kernel),
              std::move(centring), std::move(vectors), false);
}

EstimatorPtr ReadNystroem(Fitted& fitted) {
  std::size_t inputs = 0;
  Kernel kernel = ReadKernel(fitted, "components_", inputs);
  Matrix normalization = fitted.ReadMatrix("normalization_");
  return Make(fitted, fitted.MakeTraits(Role::kTransformer, inputs), std::move(kernel), {},
              std::move(normalization), true);
}

EstimatorPtr ReadKernelCenterer(Fitted& fitted) {
  Centring centring = ReadCentring(fitted);
  const std::size_t inputs = fitted.Inputs(centring.columns.size());
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = inputs;
  return std::make_unique<KernelCentererOperator>(std::move(traits), std::move(centring));
}

}  // namespace

std::span<const RegistryEntry> KernelModels() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.decomposition.KernelPCA", ReadKernelPca},
      {"sklearn.kernel_approximation.Nystroem", ReadNystroem},
      {"sklearn.kernel_ridge.KernelRidge", ReadKernelRidge},
      {"sklearn.preprocessing.KernelCenterer", ReadKernelCenterer},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
