#include "openvino/openvino_tensors.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/tensors.h"

namespace plinth::openvino {
namespace {

constexpr std::array<std::pair<plinth_dtype, ov::element::Type_t>, 13> kTypes{{
    {PLINTH_BOOL, ov::element::Type_t::boolean},
    {PLINTH_INT8, ov::element::Type_t::i8},
    {PLINTH_INT16, ov::element::Type_t::i16},
    {PLINTH_INT32, ov::element::Type_t::i32},
    {PLINTH_INT64, ov::element::Type_t::i64},
    {PLINTH_UINT8, ov::element::Type_t::u8},
    {PLINTH_UINT16, ov::element::Type_t::u16},
    {PLINTH_UINT32, ov::element::Type_t::u32},
    {PLINTH_UINT64, ov::element::Type_t::u64},
    {PLINTH_FP16, ov::element::Type_t::f16},
    {PLINTH_BF16, ov::element::Type_t::bf16},
    {PLINTH_FP32, ov::element::Type_t::f32},
    {PLINTH_FP64, ov::element::Type_t::f64},
}};

template <typename T>
kit::Status CheckRangeOf(const plinth_tensor& tensor, std::size_t count) {
  const auto* values = static_cast<const T*>(tensor.data);
  const auto* out = std::find_if_not(values, values + count,
                                     [](T value) { return std::in_range<std::int32_t>(value); });
  if (out == values + count) return {};
  return kit::Fail(PLINTH_INVALID_ARGUMENT,
                   "the value " + std::to_string(*out) + " at position " +
                       std::to_string(out - values) +
                       " does not fit in 32 bits, in which OpenVINO computes all integers");
}

kit::Status CheckRange(const plinth_tensor& tensor, std::size_t count) {
  switch (tensor.dtype) {
    case PLINTH_INT64:
      return CheckRangeOf<std::int64_t>(tensor, count);
    case PLINTH_UINT64:
      return CheckRangeOf<std::uint64_t>(tensor, count);
    case PLINTH_UINT32:
      return CheckRangeOf<std::uint32_t>(tensor, count);
    default:
      return {};
  }
}

}  // namespace

std::optional<plinth_dtype> TypeOf(ov::element::Type type) {
  for (const auto& [ours, theirs] : kTypes) {
    if (type == theirs) return ours;
  }
  return std::nullopt;
}

ov::element::Type OvTypeOf(plinth_dtype dtype) {
  for (const auto& [ours, theirs] : kTypes) {
    if (dtype == ours) return theirs;
  }
  return ov::element::Type_t::dynamic;
}

kit::Result<ov::Tensor> WrapInput(const plinth_tensor& tensor) {
  const auto count = kit::CountOf(kit::ShapeOf(tensor));
  if (!count) return kit::Fail(count.error());
  const ov::Shape shape(tensor.shape, tensor.shape + tensor.rank);
  if (auto s = CheckRange(tensor, static_cast<std::size_t>(*count)); !s)
    return kit::Fail(s.error());
  const ov::element::Type type = OvTypeOf(tensor.dtype);
  if (*count == 0) return ov::Tensor(type, shape);
  return ov::Tensor(type, shape, const_cast<void*>(tensor.data));
}

kit::Status AddOutput(const char* name, const ov::Tensor& tensor, kit::OutputWriter& outputs) {
  // Asked for once: each call may move what the one before referred to.
  const ov::Shape& dims = tensor.get_shape();
  const std::vector<std::int64_t> shape(dims.begin(), dims.end());
  const auto dtype = TypeOf(tensor.get_element_type());
  if (!dtype) {
    return kit::Fail(PLINTH_INTERNAL, "output '" + std::string(name) + "' has the type " +
                                          tensor.get_element_type().get_type_name() +
                                          ", which is not served");
  }
  const std::size_t byte_size = tensor.get_size() * kit::ElementSize(*dtype);
  std::vector<char> bytes;
  if (byte_size > 0) {
    const auto* data = static_cast<const char*>(tensor.data());
    bytes.assign(data, data + byte_size);
  }
  outputs.AddVector(name, *dtype, shape, std::move(bytes));
  return {};
}

}  // namespace plinth::openvino
