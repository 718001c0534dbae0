// Copies of outputs that hold nothing but themselves.
#pragma once

#include <cstddef>
#include <vector>

#include "tensor/tensor.h"

namespace plinth {

// Outputs in one block of memory of their own: they keep alive neither the batch that they are
// slices of, nor a runtime's memory, nor a model's version. Throws std::bad_alloc.
std::vector<NamedTensor> CompactCopy(const std::vector<NamedTensor>& outputs);

// How much memory a compact copy takes, names and bookkeeping included.
std::size_t CompactBytes(const std::vector<NamedTensor>& outputs);

}  // namespace plinth
