// Explicit features whose inner products approximate a kernel: RBFSampler, SkewedChi2Sampler,
// AdditiveChi2Sampler.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

Status NegativeInput(Rows rows, double least, std::string_view name) {
  const double* end = rows.data + rows.count * rows.width;
  const double* found = std::find_if(rows.data, end, [&](double x) { return !(x >= least); });
  if (found == end) return {};
  const auto at = static_cast<std::size_t>(found - rows.data);
  return Fail(Code::kInvalidArgument, "Input X contains a number that is too small (row " +
                                          std::to_string(rows.first + at / rows.width) +
                                          ", column " + std::to_string(at % rows.width) + "). " +
                                          std::string(name) + " takes numbers from " +
                                          std::to_string(least) + " on");
}

// cos(f(X) @ weights + offset) * scale, where f is log(x + skewedness) or nothing.
class CosineFeatures final : public Estimator {
 public:
  struct State {
    std::vector<double> weights;  // outputs x inputs
    std::vector<double> offsets;
    double scale = 1;
    bool logarithm = false;
    double skewedness = 0;
  };

  CosineFeatures(Traits traits, State state) : Estimator(std::move(traits)), s_(std::move(state)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    Scratch::Frame frame(scratch);
    const std::size_t count = rows.count * rows.width;
    if (s_.logarithm) {
      // The smallest number above -skewedness is the first whose logarithm there is.
      const double least = std::nextafter(-s_.skewedness, 1.0);
      if (Status fits = NegativeInput(rows, least, traits().name); !fits) return fits;
      double* logs = frame.Take<double>(count);
      for (std::size_t i = 0; i < count; ++i) logs[i] = std::log(rows.data[i] + s_.skewedness);
      rows.data = logs;
    }
    if (out.values == nullptr) return {};
    const std::size_t outputs = s_.offsets.size();
    Affine(rows, s_.weights.data(), s_.offsets.data(), outputs, out.values);
    for (std::size_t i = 0; i < rows.count * outputs; ++i) {
      out.values[i] = std::cos(out.values[i]) * s_.scale;
    }
    return {};
  }

 private:
  State s_;
};

EstimatorPtr ReadCosineFeatures(Fitted& fitted, CosineFeatures::State state) {
  const Matrix weights = fitted.ReadMatrix("random_weights_");
  const std::size_t inputs = fitted.Inputs(weights.rows);
  const std::size_t outputs = weights.columns;
  state.offsets = fitted.Vector("random_offset_", outputs);
  if (fitted.ok() && outputs == 0) fitted.FailFor("random_weights_", "is empty");
  if (!fitted.ok()) return nullptr;
  state.weights.resize(weights.data.size());
  for (std::size_t i = 0; i < inputs; ++i) {
    for (std::size_t j = 0; j < outputs; ++j) {
      state.weights[j * inputs + i] = weights.data[i * outputs + j];
    }
  }
  state.scale = std::sqrt(2.0 / static_cast<double>(outputs));
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = outputs;
  return std::make_unique<CosineFeatures>(std::move(traits), std::move(state));
}

EstimatorPtr ReadRbfSampler(Fitted& fitted) { return ReadCosineFeatures(fitted, {}); }

EstimatorPtr ReadSkewedChi2Sampler(Fitted& fitted) {
  CosineFeatures::State state;
  state.logarithm = true;
  state.skewedness = fitted.Number("skewedness", 1);
  return ReadCosineFeatures(fitted, std::move(state));
}

// For each column x: sqrt(x h), then for j = 1, 2, ... sqrt(2 x h / cosh(pi j h)) times the cosine
// and the sine of j h log(x); 0 for 0.
class AdditiveChi2Features final : public Estimator {
 public:
  AdditiveChi2Features(Traits traits, std::size_t steps, double interval)
      : Estimator(std::move(traits)), steps_(steps), interval_(interval) {}

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (Status fits = NegativeInput(rows, 0, traits().name); !fits) return fits;
    if (out.values == nullptr) return {};
    for (std::size_t i = 0; i < rows.count; ++i) {
      double* to = out.values + i * traits().outputs;
      for (std::size_t c = 0; c < rows.width; ++c) Expand(rows.row(i)[c], to + c, rows.width);
    }
    return {};
  }

 private:
  void Expand(double x, double* to, std::size_t stride) const {
    to[0] = x == 0 ? 0 : std::sqrt(x * interval_);
    const double log_step = interval_ * std::log(x);
    for (std::size_t j = 1; j < steps_; ++j) {
      const auto step = static_cast<double>(j);
      const double factor =
          std::sqrt(2 * x * interval_ / std::cosh(std::numbers::pi * step * interval_));
      to[(2 * j - 1) * stride] = x == 0 ? 0 : factor * std::cos(step * log_step);
      to[2 * j * stride] = x == 0 ? 0 : factor * std::sin(step * log_step);
    }
  }

  std::size_t steps_;
  double interval_;
};

EstimatorPtr ReadAdditiveChi2Sampler(Fitted& fitted) {
  constexpr double kMostSteps = 1 << 16;
  constexpr double kIntervals[] = {0.8, 0.5, 0.4};
  const std::size_t inputs = fitted.Inputs();
  const double steps = fitted.Number("sample_steps", 2);
  if (!(steps >= 1 && steps <= kMostSteps) || steps != std::floor(steps)) {
    fitted.FailFor("sample_steps", "is not a small whole number");
  }
  if (!fitted.ok()) return nullptr;
  const auto count = static_cast<std::size_t>(steps);
  double interval = count <= std::size(kIntervals) ? kIntervals[count - 1] : 0;
  for (std::string_view name : {"sample_interval", "sample_interval_"}) {
    if (fitted.Has(name)) interval = fitted.Number(name, interval);
  }
  if (!(interval > 0)) fitted.FailFor("sample_interval", "is missing");
  if (inputs > ReadLimits::kMaxColumns / (2 * count)) {
    fitted.Fail("it gives more columns than are supported");
  }
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = inputs * (2 * count - 1);
  return std::make_unique<AdditiveChi2Features>(std::move(traits), count, interval);
}

}  // namespace

std::span<const RegistryEntry> KernelSamplers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.kernel_approximation.AdditiveChi2Sampler", ReadAdditiveChi2Sampler},
      {"sklearn.kernel_approximation.RBFSampler", ReadRbfSampler},
      {"sklearn.kernel_approximation.SkewedChi2Sampler", ReadSkewedChi2Sampler},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
