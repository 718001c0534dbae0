#include "model/abi_tensors.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <string>
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

Result<std::vector<NamedTensor>> AdoptOutputs(std::span<const plinth_output> outputs,
                                              const Signature& signature,
                                              std::span<const std::uint32_t> wanted,
                                              const std::shared_ptr<const void>& keep_alive) {
  // Every output gets its owner before any is looked at: a bad one must not leak the others.
  std::array<std::byte, 256> stack;
  std::pmr::monotonic_buffer_resource memory(stack.data(), stack.size());
  std::pmr::vector<std::shared_ptr<OutputOwner>> owners(&memory);
  owners.reserve(outputs.size());
  for (const plinth_output& output : outputs) {
    owners.push_back(std::make_shared<OutputOwner>(output, keep_alive));
  }
  std::vector<NamedTensor> tensors;
  tensors.reserve(outputs.size());
  for (std::size_t i = 0; i < owners.size(); ++i) {
    const std::string& name = signature.outputs[wanted[i]].name;
    auto tensor = AdoptOutput(owners[i]);
    // Whatever is wrong with it, the client is not to blame.
    if (!tensor) {
      return Fail(Code::kInternal,
                  "the backend's output '" + name + "': " + tensor.error().message);
    }
    tensors.push_back({name, std::move(*tensor)});
  }
  return tensors;
}

}  // namespace plinth
