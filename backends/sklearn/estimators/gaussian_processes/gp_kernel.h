// The kernels of sklearn.gaussian_process.kernels, as expressions over fitted rows.
#pragma once

#include <memory>

#include "estimators/fitted.h"
#include "numeric/linear_algebra.h"
#include "numeric/scratch.h"

namespace plinth::sklearn {

class GpKernel {
 public:
  explicit GpKernel(std::size_t size) : size_(size) {}
  virtual ~GpKernel() = default;
  GpKernel(const GpKernel&) = delete;
  GpKernel& operator=(const GpKernel&) = delete;

  // Fitted rows.
  std::size_t size() const { return size_; }

  // out[i * size() + j] = k(rows[i], fitted[j]), never the same row.
  virtual void Compute(Rows rows, double* out, Scratch& scratch) const = 0;

  // out[i] = k(rows[i], rows[i])
  virtual void Diagonal(Rows rows, double* out) const = 0;

 private:
  std::size_t size_;
};

using GpKernelPtr = std::unique_ptr<const GpKernel>;

// The kernel_ of a Gaussian process, over its X_train_. Null, and the reason in `fitted`, if it
// cannot be read.
GpKernelPtr ReadGpKernel(Fitted& fitted, const Matrix& train);

}  // namespace plinth::sklearn
