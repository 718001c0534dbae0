// The kernel of an estimator, as its parameters and fitted rows describe it.
#pragma once

#include <string_view>

#include "estimators/fitted.h"
#include "numeric/kernel.h"

namespace plinth::sklearn {

// gamma_, _gamma or gamma, coef0 and degree, and what `kernel_params` has of these, with the
// defaults of sklearn.metrics.pairwise for `inputs` columns. Fails in `fitted` for kernels that are
// Python functions and names that are not known.
KernelFunction ReadKernelFunction(Fitted& fitted, std::string_view kernel, std::size_t inputs);

// The kernel between X and the fitted rows that `rows_name` has: dense or sparse. Sets `inputs`.
// For kernel="precomputed" it is X itself, and the columns are counted by what is fitted.
Kernel ReadKernel(Fitted& fitted, std::string_view rows_name, std::size_t& inputs);

// The same for a kernel whose function is known, and which is not precomputed.
Kernel ReadKernelRows(Fitted& fitted, std::string_view rows_name, KernelFunction function);

// The error for numbers that a kernel cannot take.
Status CheckNegatives(const Kernel& kernel, Rows rows, std::string_view name);

}  // namespace plinth::sklearn
