// Putting tensors together along an axis and taking them apart again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/status.h"
#include "tensor/tensor.h"

namespace plinth {

// One tensor with the parts one behind the other along `axis`. A single part is returned as it is,
// sharing its memory; else the elements are copied. INVALID_ARGUMENT if there is no part, the types
// differ, there is no such axis, the sizes along another axis differ, or the result would have more
// than `max_bytes` bytes.
Result<Tensor> Concatenate(std::span<const Tensor* const> parts, std::size_t axis,
                           std::size_t max_bytes = SIZE_MAX / 2);

// The part [begin, begin + count) along `axis`. Shares the memory if the axis is the first one,
// else copies. Requires an axis that the tensor has, and a range within it. Throws std::bad_alloc.
Tensor SliceAxis(const Tensor& tensor, std::size_t axis, std::int64_t begin, std::int64_t count);

}  // namespace plinth
