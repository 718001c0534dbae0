#include "model/abi_tensors.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace plinth {

bool IsElementType(plinth_dtype type) { return type >= PLINTH_BOOL && type <= PLINTH_BYTES; }

plinth_tensor ViewOf(const NamedTensor& named) {
  const Tensor& tensor = named.tensor;
  const bool strings = tensor.dtype() == DType::kBytes;
  return {named.name.c_str(),
          static_cast<plinth_dtype>(tensor.dtype()),
          static_cast<std::uint32_t>(tensor.shape().rank()),
          tensor.shape().dims().data(),
          tensor.data().data(),
          tensor.data().size(),
          strings ? tensor.offsets().data() : nullptr};
}

Result<Tensor> AdoptOutput(const std::shared_ptr<OutputOwner>& owner) {
  const plinth_tensor& raw = owner->output.tensor;
  if (!IsElementType(raw.dtype) || raw.rank > Shape::kMaxRank) {
    return Fail(Code::kInternal, "the backend gave a tensor of unknown type or too high a rank");
  }
  const Shape shape(std::span(raw.shape, raw.rank));
  Buffer data = Buffer::Share(owner, raw.data, raw.byte_size);
  if (raw.dtype != PLINTH_BYTES) {
    return Tensor::FromBuffer(static_cast<DType>(raw.dtype), shape, std::move(data));
  }
  const auto count = shape.ElementCount();
  if (!count || raw.offsets == nullptr) {
    return Fail(Code::kInternal, "the backend gave strings without offsets");
  }
  const std::size_t bytes = (static_cast<std::size_t>(*count) + 1) * sizeof(std::uint64_t);
  return Tensor::FromStrings(shape, std::move(data), Buffer::Share(owner, raw.offsets, bytes));
}

}  // namespace plinth
