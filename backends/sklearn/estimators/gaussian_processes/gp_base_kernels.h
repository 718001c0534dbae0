// The kernels that stand by themselves: everything but Sum, Product and Exponentiation.
#pragma once

#include "estimators/gaussian_processes/gp_kernel.h"

namespace plinth::sklearn {

// By the class's name. Null, and the reason in `fitted`, if it cannot be read.
GpKernelPtr ReadBaseGpKernel(Fitted& fitted, const Matrix& train);

}  // namespace plinth::sklearn
