#include "common/tensors.h"

#include <array>
#include <functional>

namespace plinth::kit {
namespace {

struct TypeInfo {
  std::string_view name;
  std::size_t size;
};

// By the ABI's numbers.
constexpr std::array<TypeInfo, 15> kTypes{{{"ANY", 0},
                                           {"BOOL", 1},
                                           {"INT8", 1},
                                           {"INT16", 2},
                                           {"INT32", 4},
                                           {"INT64", 8},
                                           {"UINT8", 1},
                                           {"UINT16", 2},
                                           {"UINT32", 4},
                                           {"UINT64", 8},
                                           {"FP16", 2},
                                           {"BF16", 2},
                                           {"FP32", 4},
                                           {"FP64", 8},
                                           {"BYTES", 0}}};

bool Known(plinth_dtype dtype) { return static_cast<std::size_t>(dtype) < kTypes.size(); }

}  // namespace

std::string_view DTypeName(plinth_dtype dtype) {
  return Known(dtype) ? kTypes[static_cast<std::size_t>(dtype)].name : "?";
}

std::size_t ElementSize(plinth_dtype dtype) {
  return Known(dtype) ? kTypes[static_cast<std::size_t>(dtype)].size : 0;
}

std::string ShapeText(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

Result<std::int64_t> CountOf(std::span<const std::int64_t> shape) {
  std::int64_t count = 1;
  bool fits = true;
  for (const std::int64_t dim : shape) {
    if (dim < 0 || __builtin_mul_overflow(count, dim, &count)) fits = false;
  }
  if (!fits) {
    return Fail(PLINTH_INVALID_ARGUMENT, "shape " + ShapeText(shape) + " has no usable size");
  }
  return count;
}

bool IsInputMemory(const void* data, const plinth_execute_request& request) {
  const std::less<const char*> before;
  const char* at = static_cast<const char*>(data);
  for (const plinth_tensor& input : std::span(request.inputs, request.input_count)) {
    const char* begin = static_cast<const char*>(input.data);
    if (begin != nullptr && !before(at, begin) && before(at, begin + input.byte_size)) return true;
  }
  return false;
}

const plinth_tensor* FindInput(const plinth_execute_request& request, std::string_view name) {
  for (const plinth_tensor& input : std::span(request.inputs, request.input_count)) {
    if (name == input.name) return &input;
  }
  return nullptr;
}

}  // namespace plinth::kit
