#include "estimators/gaussian_processes/gp_base_kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "estimators/kernels/kernel_state.h"
#include "numeric/differences.h"
#include "numeric/exponential.h"
#include "numeric/products.h"

namespace plinth::sklearn {
namespace {

// ConstantKernel; and WhiteKernel, which is noise of a row with itself alone.
class Constant final : public GpKernel {
 public:
  Constant(std::size_t size, double between, double diagonal)
      : GpKernel(size), between_(between), diagonal_(diagonal) {}

  void Compute(Rows rows, double* out, Scratch&) const override {
    std::fill_n(out, rows.count * size(), between_);
  }
  void Diagonal(Rows rows, double* out) const override { std::fill_n(out, rows.count, diagonal_); }

 private:
  double between_;
  double diagonal_;
};

class DotProduct final : public GpKernel {
 public:
  DotProduct(const Matrix& train, double sigma)
      : GpKernel(train.rows),
        train_(train.data.data(), train.rows, train.columns),
        constant_(sigma * sigma) {}

  void Compute(Rows rows, double* out, Scratch&) const override {
    InnerProducts(rows, train_, AllOf(train_), out);
    for (std::size_t i = 0; i < rows.count * size(); ++i) out[i] += constant_;
  }
  void Diagonal(Rows rows, double* out) const override {
    SquaredNorms(rows, out);
    for (std::size_t i = 0; i < rows.count; ++i) out[i] += constant_;
  }

 private:
  Panels train_;
  double constant_;
};

// Functions of the distance between rows that are divided by length scales. 1 for equal rows.
class Stationary final : public GpKernel {
 public:
  enum class Shape : std::uint8_t { kRbf, kMatern, kRationalQuadratic, kExpSineSquared };
  struct Parameters {
    Shape shape = Shape::kRbf;
    double nu = 1.5;               // Matern
    double alpha = 1;              // RationalQuadratic
    double periodicity = 1;        // ExpSineSquared
    double sine_scale = 1;         // ExpSineSquared divides the sine, not the rows
    std::vector<double> divisors;  // one a column; empty: 1
  };

  Stationary(Matrix scaled, Parameters parameters)
      : GpKernel(scaled.rows),
        train_(scaled.data.data(), scaled.rows, scaled.columns),
        p_(std::move(parameters)) {}

  void Compute(Rows rows, double* out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    if (!p_.divisors.empty()) {
      double* scaled = frame.Take<double>(rows.count * rows.width);
      for (std::size_t i = 0; i < rows.count * rows.width; ++i) {
        scaled[i] = rows.data[i] / p_.divisors[i % rows.width];
      }
      rows.data = scaled;
    }
    SquaredDistances(rows, train_, AllOf(train_), out);
    OfSquared(out, rows.count * size());
  }
  void Diagonal(Rows rows, double* out) const override { std::fill_n(out, rows.count, 1.0); }

 private:
  void OfSquared(double* d, std::size_t n) const {
    switch (p_.shape) {
      case Shape::kRbf:
        return ExpScaled(d, n, -0.5);
      case Shape::kMatern:
        return OfMatern(d, n);
      case Shape::kRationalQuadratic:
        for (std::size_t i = 0; i < n; ++i) {
          d[i] = std::pow(1 + d[i] / (2 * p_.alpha), -p_.alpha);
        }
        return;
      case Shape::kExpSineSquared:
        for (std::size_t i = 0; i < n; ++i) {
          const double sine =
              std::sin(std::numbers::pi * std::sqrt(d[i]) / p_.periodicity) / p_.sine_scale;
          d[i] = sine * sine;
        }
        return ExpScaled(d, n, -2);
    }
  }

  void OfMatern(double* d, std::size_t n) const {
    if (std::isinf(p_.nu)) return ExpScaled(d, n, -0.5);
    for (std::size_t i = 0; i < n; ++i) d[i] = Matern(std::sqrt(d[i]));
  }

  double Matern(double d) const {
    if (p_.nu == 0.5) return std::exp(-d);
    if (p_.nu == 1.5) {
      const double x = d * std::sqrt(3.0);
      return (1 + x) * std::exp(-x);
    }
    if (p_.nu == 2.5) {
      const double x = d * std::sqrt(5.0);
      return (1 + x + x * x / 3) * std::exp(-x);
    }
    const double x = std::sqrt(2 * p_.nu) * (d == 0 ? std::numeric_limits<double>::epsilon() : d);
    // Beyond this the Bessel function is below the smallest number.
    constexpr double kVanished = 750;
    if (!(x < kVanished)) return 0;
    return std::pow(2, 1 - p_.nu) / std::tgamma(p_.nu) * std::pow(x, p_.nu) *
           std::cyl_bessel_k(p_.nu, x);
  }

  Panels train_;
  Parameters p_;
};

// sklearn.metrics.pairwise's kernels.
class Pairwise final : public GpKernel {
 public:
  Pairwise(KernelFunction function, const Matrix& train)
      : GpKernel(train.rows),
        function_(function),
        kernel_(function, train.data, train.rows, train.columns) {}

  void Compute(Rows rows, double* out, Scratch& scratch) const override {
    kernel_.Compute(rows, out, scratch);
  }
  void Diagonal(Rows rows, double* out) const override {
    for (std::size_t i = 0; i < rows.count; ++i) {
      const Rows row{rows.row(i), 1, rows.width, 0};
      const std::vector<double> copy(row.data, row.data + row.width);
      Kernel(function_, copy, 1, row.width).Compute(row, out + i, Scratch::OfThread());
    }
  }

 private:
  KernelFunction function_;
  Kernel kernel_;
};

void CheckPositive(Fitted& fitted, std::string_view name, double value) {
  if (!(value > 0)) fitted.FailFor(name, "is not above 0");
}

GpKernelPtr ReadStationary(Fitted& fitted, const Matrix& train, Stationary::Parameters p) {
  std::vector<double> scales =
      fitted.Has("length_scale") ? fitted.Vector("length_scale") : std::vector{1.0};
  for (double scale : scales) CheckPositive(fitted, "length_scale", scale);
  if (scales.size() != 1 && scales.size() != train.columns) {
    fitted.FailFor("length_scale", "is not one for each column");
  }
  if (!fitted.ok()) return nullptr;
  if (p.shape == Stationary::Shape::kExpSineSquared) {
    p.sine_scale = scales[0];
    scales = {1.0};
  }
  if (scales.size() == 1) scales.resize(train.columns, scales[0]);
  Matrix scaled = train;
  for (std::size_t i = 0; i < scaled.data.size(); ++i) {
    scaled.data[i] /= scales[i % train.columns];
  }
  if (std::ranges::any_of(scales, [](double scale) { return scale != 1; })) {
    p.divisors = std::move(scales);
  }
  return std::make_unique<Stationary>(std::move(scaled), std::move(p));
}

GpKernelPtr ReadPairwise(Fitted& fitted, const Matrix& train) {
  const std::string_view metric = fitted.Text("metric", "linear");
  const Value* others = fitted.Find("pairwise_kernels_kwargs");
  if (others && !others->IsNone() && !others->items.empty()) {
    fitted.Fail("'pairwise_kernels_kwargs' is not supported");
  }
  KernelFunction function = ReadKernelFunction(fitted, metric, train.columns);
  if (function.type == KernelType::kPrecomputed || RefusesNegatives(function.type)) {
    fitted.Fail("metric '" + std::string(metric) + "' is not supported in a PairwiseKernel");
  }
  if (!fitted.ok()) return nullptr;
  return std::make_unique<Pairwise>(function, train);
}

}  // namespace

GpKernelPtr ReadBaseGpKernel(Fitted& fitted, const Matrix& train) {
  using Shape = Stationary::Shape;
  const std::string_view name = fitted.class_name();
  if (name == "ConstantKernel") {
    const double value = fitted.Number("constant_value", 1);
    return std::make_unique<Constant>(train.rows, value, value);
  }
  if (name == "WhiteKernel") {
    return std::make_unique<Constant>(train.rows, 0, fitted.Number("noise_level", 1));
  }
  if (!fitted.limits().Charge(2 * Panels::SizeFor(train.rows, train.columns))) {
    fitted.Fail("it is too large for its file");
    return nullptr;
  }
  if (name == "DotProduct") {
    return std::make_unique<DotProduct>(train, fitted.Number("sigma_0", 1));
  }
  if (name == "PairwiseKernel") return ReadPairwise(fitted, train);
  Stationary::Parameters p;
  if (name == "RBF") return ReadStationary(fitted, train, std::move(p));
  if (name == "Matern") {
    p.shape = Shape::kMatern;
    p.nu = fitted.Number("nu", p.nu);
    // The Bessel functions of far higher orders overflow, in scikit-learn as here.
    constexpr double kHighest = 100;
    if (!(p.nu > 0) || (p.nu > kHighest && !std::isinf(p.nu))) {
      fitted.FailFor("nu", "is not above 0 and up to 100, or infinite");
    }
    return ReadStationary(fitted, train, std::move(p));
  }
  if (name == "RationalQuadratic") {
    p.shape = Shape::kRationalQuadratic;
    p.alpha = fitted.Number("alpha", p.alpha);
    CheckPositive(fitted, "alpha", p.alpha);
    return ReadStationary(fitted, train, std::move(p));
  }
  if (name == "ExpSineSquared") {
    p.shape = Shape::kExpSineSquared;
    p.periodicity = fitted.Number("periodicity", p.periodicity);
    CheckPositive(fitted, "periodicity", p.periodicity);
    return ReadStationary(fitted, train, std::move(p));
  }
  fitted.Fail("this kernel of Gaussian processes is not supported");
  return nullptr;
}

}  // namespace plinth::sklearn
