// Reading kernels, and what combines them: Sum, Product, Exponentiation. The kernels over rows are
// in gp_base_kernels.cc.
#include "estimators/gaussian_processes/gp_kernel.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "estimators/gaussian_processes/gp_base_kernels.h"

namespace plinth::sklearn {
namespace {

class Combined final : public GpKernel {
 public:
  Combined(GpKernelPtr a, GpKernelPtr b, bool product)
      : GpKernel(a->size()), a_(std::move(a)), b_(std::move(b)), product_(product) {}

  void Compute(Rows rows, double* out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    double* other = frame.Take<double>(rows.count * size());
    a_->Compute(rows, out, scratch);
    b_->Compute(rows, other, scratch);
    Combine(out, other, rows.count * size());
  }

  void Diagonal(Rows rows, double* out) const override {
    a_->Diagonal(rows, out);
    for (std::size_t i = 0; i < rows.count; ++i) {
      double other = 0;
      b_->Diagonal(Rows{rows.row(i), 1, rows.width, 0}, &other);
      Combine(out + i, &other, 1);
    }
  }

 private:
  void Combine(double* out, const double* other, std::size_t n) const {
    for (std::size_t i = 0; i < n; ++i) {
      out[i] = product_ ? out[i] * other[i] : out[i] + other[i];
    }
  }

  GpKernelPtr a_;
  GpKernelPtr b_;
  bool product_;
};

class Exponentiation final : public GpKernel {
 public:
  Exponentiation(GpKernelPtr kernel, double exponent)
      : GpKernel(kernel->size()), kernel_(std::move(kernel)), exponent_(exponent) {}

  void Compute(Rows rows, double* out, Scratch& scratch) const override {
    kernel_->Compute(rows, out, scratch);
    Raise(out, rows.count * size());
  }

  void Diagonal(Rows rows, double* out) const override {
    kernel_->Diagonal(rows, out);
    Raise(out, rows.count);
  }

 private:
  void Raise(double* values, std::size_t n) const {
    for (std::size_t i = 0; i < n; ++i) values[i] = std::pow(values[i], exponent_);
  }

  GpKernelPtr kernel_;
  double exponent_;
};

GpKernelPtr ReadNode(Fitted& fitted, const Matrix& train, int depth);

// A part of a kernel: `name` is an attribute with a kernel.
GpKernelPtr ReadPart(Fitted& fitted, std::string_view name, const Matrix& train, int depth) {
  const Value* value = fitted.Require(name);
  if (value == nullptr || !fitted.ok()) return nullptr;
  // One kernel may be named many times; every time costs.
  constexpr std::size_t kNodeCost = 512;
  if (depth > ReadLimits::kMaxDepth || !fitted.limits().Charge(kNodeCost)) {
    fitted.Fail("its kernels are nested too deep, or too many");
    return nullptr;
  }
  Fitted part = fitted.Part(*value);
  GpKernelPtr kernel = part.ok() ? ReadNode(part, train, depth) : nullptr;
  if (!part.ok()) fitted.Fail(part.error().message);
  return fitted.ok() ? std::move(kernel) : nullptr;
}

GpKernelPtr ReadNode(Fitted& fitted, const Matrix& train, int depth) {
  const std::string_view name = fitted.class_name();
  if (name == "Sum" || name == "Product") {
    GpKernelPtr a = ReadPart(fitted, "k1", train, depth + 1);
    GpKernelPtr b = ReadPart(fitted, "k2", train, depth + 1);
    if (!fitted.ok()) return nullptr;
    return std::make_unique<Combined>(std::move(a), std::move(b), name == "Product");
  }
  if (name == "Exponentiation") {
    GpKernelPtr kernel = ReadPart(fitted, "kernel", train, depth + 1);
    const double exponent = fitted.Number("exponent", 1);
    if (!fitted.ok()) return nullptr;
    return std::make_unique<Exponentiation>(std::move(kernel), exponent);
  }
  return ReadBaseGpKernel(fitted, train);
}

}  // namespace

GpKernelPtr ReadGpKernel(Fitted& fitted, const Matrix& train) {
  return ReadPart(fitted, "kernel_", train, 0);
}

}  // namespace plinth::sklearn
