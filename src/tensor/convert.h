// Elements of one type as those of another.
#pragma once

#include "base/status.h"
#include "tensor/dtype.h"
#include "tensor/tensor.h"

namespace plinth {

// Whether every value of `from` is one of `to`, so that nothing is lost. Not for kAny and kBytes.
bool Widens(DType from, DType to);

// The elements as `to`. Floats to integers: towards zero, what is out of range becomes the nearest
// there is, NaN 0. To BOOL: whether it is not 0. INVALID_ARGUMENT for kBytes and kAny. Throws
// std::bad_alloc.
Result<Tensor> Convert(const Tensor& tensor, DType to);

}  // namespace plinth
