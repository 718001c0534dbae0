// Small questions about tensors of the ABI.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/failure.h"
#include "plinth/backend.h"

namespace plinth::kit {

// "FP32"; "?" for a number that is no type.
std::string_view DTypeName(plinth_dtype dtype);

// Bytes of one element; 0 for PLINTH_BYTES and PLINTH_DTYPE_ANY.
std::size_t ElementSize(plinth_dtype dtype);

// "[2, 3]"; "[]" for a scalar.
std::string ShapeText(std::span<const std::int64_t> shape);

inline std::span<const std::int64_t> ShapeOf(const plinth_tensor& tensor) {
  return {tensor.shape, tensor.rank};
}

// The number of elements; INVALID_ARGUMENT if it does not fit in 63 bits or a dimension is
// negative.
Result<std::int64_t> CountOf(std::span<const std::int64_t> shape);

// String i of a PLINTH_BYTES tensor.
inline std::string_view StringAt(const plinth_tensor& tensor, std::size_t i) {
  return {static_cast<const char*>(tensor.data) + tensor.offsets[i],
          tensor.offsets[i + 1] - tensor.offsets[i]};
}

// Whether `data` lies in the memory of an input, which is gone after the call.
bool IsInputMemory(const void* data, const plinth_execute_request& request);

// The input called `name`, or nullptr.
const plinth_tensor* FindInput(const plinth_execute_request& request, std::string_view name);

}  // namespace plinth::kit
