// The classification extension: the best classes of an output instead of its elements.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/status.h"
#include "tensor/tensor.h"

namespace plinth::api::openinference {

// The `count` largest elements, largest first, each as "<value>:<index>", or, if there is a label
// of that index, "<value>:<index>:<label>". Of each row if `batched`; the shape is then [rows,
// count], else [count], and has no more than there are elements. INVALID_ARGUMENT for types that
// have no order of this kind: BOOL, FP16, BF16 and BYTES. `count` is not 0.
Result<Tensor> Classify(const Tensor& output, std::size_t count, bool batched,
                        std::span<const std::string> labels = {});

}  // namespace plinth::api::openinference
