// GaussianProcessRegressor, and GaussianProcessClassifier with the binary classifiers of Laplace's
// approximation that it is made of.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "estimators/families.h"
#include "estimators/gaussian_processes/gp_kernel.h"
#include "numeric/panels.h"
#include "numeric/triangular.h"

namespace plinth::sklearn {
namespace {

// Rows at a time for which the kernel's values stay in the cache.
std::size_t RowsAtOnce(std::size_t size) {
  constexpr std::size_t kValues = std::size_t{1} << 16;
  return std::clamp<std::size_t>(kValues / std::max<std::size_t>(size, 1), 8, 256);
}

// Calls `use(first row, part)` for parts of the rows.
template <typename Use>
void ForParts(Rows rows, std::size_t step, Use use) {
  for (std::size_t at = 0; at < rows.count; at += step) {
    use(at, Rows{rows.row(at), std::min(step, rows.count - at), rows.width, rows.first + at});
  }
}

class GpRegressor final : public Estimator {
 public:
  struct State {
    GpKernelPtr kernel;
    std::vector<double> alpha;  // outputs x fitted rows
    std::vector<double> mean;   // of the targets: one an output
    std::vector<double> deviation;
  };

  GpRegressor(Traits traits, State state) : Estimator(std::move(traits)), s_(std::move(state)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (out.values == nullptr) return {};
    const std::size_t size = s_.kernel->size();
    const std::size_t outputs = traits().outputs;
    const std::size_t step = RowsAtOnce(size);
    Scratch::Frame frame(scratch);
    double* values = frame.Take<double>(step * size);
    ForParts(rows, step, [&](std::size_t at, Rows part) {
      s_.kernel->Compute(part, values, scratch);
      for (std::size_t i = 0; i < part.count; ++i) {
        for (std::size_t j = 0; j < outputs; ++j) {
          const double mean = Dot(values + i * size, &s_.alpha[j * size], size);
          out.values[(at + i) * outputs + j] = s_.deviation[j] * mean + s_.mean[j];
        }
      }
    });
    return {};
  }

 private:
  State s_;
};

// One number, or one for each output.
std::vector<double> PerOutput(Fitted& fitted, std::string_view name, std::size_t outputs,
                              double otherwise) {
  if (!fitted.Has(name)) return std::vector<double>(outputs, otherwise);
  std::vector<double> values = fitted.Vector(name);
  if (values.size() == 1) values.resize(outputs, values[0]);
  if (fitted.ok() && values.size() != outputs) fitted.FailFor(name, "is not one for each output");
  return values;
}

EstimatorPtr ReadGpRegressor(Fitted& fitted) {
  const Matrix train = fitted.ReadMatrix("X_train_");
  const std::size_t inputs = fitted.Inputs(train.columns);
  const Matrix alpha = fitted.ReadMatrix("alpha_");
  if (!fitted.ok()) return nullptr;
  const std::size_t outputs = alpha.is_vector ? 1 : alpha.columns;
  if (outputs == 0 || alpha.data.size() != train.rows * outputs || train.rows == 0) {
    fitted.FailFor("alpha_", "is not one for each fitted row");
    return nullptr;
  }
  GpRegressor::State state;
  state.kernel = ReadGpKernel(fitted, train);
  state.mean = PerOutput(fitted, "_y_train_mean", outputs, 0);
  state.deviation = PerOutput(fitted, "_y_train_std", outputs, 1);
  if (!fitted.ok()) return nullptr;
  state.alpha.resize(alpha.data.size());
  for (std::size_t i = 0; i < train.rows; ++i) {
    for (std::size_t j = 0; j < outputs; ++j) {
      state.alpha[j * train.rows + i] = alpha.data[i * outputs + j];
    }
  }
  Traits traits = fitted.MakeTraits(Role::kRegressor, inputs);
  traits.outputs = outputs;
  traits.flat = outputs == 1;
  return std::make_unique<GpRegressor>(std::move(traits), std::move(state));
}

class GpBinaryClassifier final : public Estimator {
 public:
  struct State {
    GpKernelPtr kernel;
    std::vector<double> residual;  // y - pi, one a fitted row
    std::vector<double> root;      // the square roots of W, one a fitted row
    std::vector<double> lower;     // the Cholesky factor of 1 + W^1/2 K W^1/2
  };

  GpBinaryClassifier(Traits traits, State state)
      : Estimator(std::move(traits)), s_(std::move(state)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    const std::size_t size = s_.kernel->size();
    const std::size_t step = RowsAtOnce(size);
    Scratch::Frame frame(scratch);
    double* values = frame.Take<double>(step * size);
    double* columns = frame.Take<double>(step * size);
    double* variances = frame.Take<double>(step);
    ForParts(rows, step, [&](std::size_t at, Rows part) {
      s_.kernel->Compute(part, values, scratch);
      if (out.probabilities) Variances(part, values, columns, variances);
      for (std::size_t i = 0; i < part.count; ++i) {
        const double mean = Dot(values + i * size, s_.residual.data(), size);
        // The most probable value decides, not the mean of the probability.
        if (out.labels) out.labels[at + i] = mean > 0 ? 1 : 0;
        if (out.probabilities == nullptr) continue;
        const double probability = MeanSigmoid(mean, variances[i]);
        out.probabilities[2 * (at + i)] = 1 - probability;
        out.probabilities[2 * (at + i) + 1] = probability;
      }
    });
    return {};
  }

 private:
  void Variances(Rows rows, const double* values, double* columns, double* out) const {
    const std::size_t size = s_.kernel->size();
    for (std::size_t j = 0; j < size; ++j) {
      for (std::size_t i = 0; i < rows.count; ++i) {
        columns[j * rows.count + i] = s_.root[j] * values[i * size + j];
      }
    }
    SolveLower(s_.lower.data(), size, columns, rows.count);
    s_.kernel->Diagonal(rows, out);
    for (std::size_t i = 0; i < rows.count; ++i) {
      double explained = 0;
      for (std::size_t j = 0; j < size; ++j) {
        explained += columns[j * rows.count + i] * columns[j * rows.count + i];
      }
      out[i] -= explained;
    }
  }

  // The mean of the logistic sigmoid under a normal distribution, by the five error functions of
  // Williams and Barber that scikit-learn takes for it.
  static double MeanSigmoid(double mean, double variance) {
    constexpr std::array kScales = {0.41, 0.4, 0.37, 0.44, 0.39};
    constexpr std::array kWeights = {-1854.8214151, 3516.89893646, 221.29346712, 128.12323805,
                                     -2010.49422654};
    const double alpha = 1 / (2 * variance);
    double sum = 0;
    double half = 0;
    for (std::size_t i = 0; i < kScales.size(); ++i) {
      const double gamma = kScales[i] * mean;
      const double integral =
          std::sqrt(std::numbers::pi / alpha) *
          std::erf(gamma * std::sqrt(alpha / (alpha + kScales[i] * kScales[i]))) /
          (2 * std::sqrt(variance * 2 * std::numbers::pi));
      sum += kWeights[i] * integral;
      half += kWeights[i];
    }
    return sum + 0.5 * half;
  }

  State s_;
};

EstimatorPtr ReadGpBinaryClassifier(Fitted& fitted) {
  const Matrix train = fitted.ReadMatrix("X_train_");
  const std::size_t inputs = fitted.Inputs(train.columns);
  if (fitted.ok() && train.rows == 0) fitted.FailFor("X_train_", "has no rows");
  Classes classes = fitted.ReadClasses();
  if (fitted.ok() && classes.size() != 2) fitted.FailFor("classes_", "are not two");
  GpBinaryClassifier::State state;
  state.residual = fitted.Vector("y_train_", train.rows);
  const std::vector<double> pi = fitted.Vector("pi_", train.rows);
  state.root = fitted.Vector("W_sr_", train.rows);
  state.lower = fitted.Vector("L_", train.rows * train.rows);
  if (!fitted.ok()) return nullptr;
  for (std::size_t i = 0; i < train.rows; ++i) state.residual[i] -= pi[i];
  state.kernel = ReadGpKernel(fitted, train);
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kClassifier, inputs);
  traits.probabilities = true;
  traits.classes = std::move(classes);
  return std::make_unique<GpBinaryClassifier>(std::move(traits), std::move(state));
}

// The classifier itself only hands on: to the binary one, or to one-versus-rest or one-versus-one
// of such.
class GpClassifier final : public Estimator {
 public:
  GpClassifier(Traits traits, EstimatorPtr base)
      : Estimator(std::move(traits)), base_(std::move(base)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    return base_->Run(rows, out, scratch);
  }

 private:
  EstimatorPtr base_;
};

EstimatorPtr ReadGpClassifier(Fitted& fitted) {
  const Value* base = fitted.Require("base_estimator_");
  if (base == nullptr) return nullptr;
  EstimatorPtr child = fitted.Child(*base, fitted.GivenWidth());
  if (child == nullptr) return nullptr;
  if (child->traits().role != Role::kClassifier) {
    fitted.Fail("its base is not a classifier");
    return nullptr;
  }
  Traits traits = child->traits();
  traits.name = fitted.class_name();
  traits.names = fitted.MakeTraits(Role::kClassifier, traits.inputs).names;
  traits.decision_width = 0;
  return std::make_unique<GpClassifier>(std::move(traits), std::move(child));
}

}  // namespace

std::span<const RegistryEntry> GaussianProcesses() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.gaussian_process.GaussianProcessClassifier", ReadGpClassifier},
      {"sklearn.gaussian_process.GaussianProcessRegressor", ReadGpRegressor},
      {"sklearn.gaussian_process._BinaryGaussianProcessClassifierLaplace", ReadGpBinaryClassifier},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
