#include "python/call_tensors.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/tensors.h"

namespace plinth::python {
namespace {

// The bytes of a tensor as they travel: of strings, the offsets from 0 on and then the contents.
struct Travelling {
  explicit Travelling(const plinth_tensor& tensor) : data(tensor.data), size(tensor.byte_size) {
    if (tensor.dtype != PLINTH_BYTES) return;
    count = 1;
    for (const std::int64_t dim : kit::ShapeOf(tensor)) count *= static_cast<std::size_t>(dim);
    offsets = tensor.offsets;
    data = static_cast<const char*>(tensor.data) + offsets[0];
    size = offsets[count] - offsets[0];
  }

  std::size_t total() const {
    return size + (offsets == nullptr ? 0 : (count + 1) * sizeof(std::uint64_t));
  }

  // `out` is aligned to eight bytes.
  void CopyTo(std::byte* out) const {
    if (offsets != nullptr) {
      for (std::size_t i = 0; i <= count; ++i) {
        const std::uint64_t offset = offsets[i] - offsets[0];
        std::memcpy(out, &offset, sizeof(offset));
        out += sizeof(offset);
      }
    }
    if (size > 0) std::memcpy(out, data, size);
  }

  const void* data;
  std::size_t size;
  std::size_t count = 0;
  const std::uint64_t* offsets = nullptr;
};

std::uint32_t IndexOf(const kit::Signature& signature, std::string_view name) {
  const auto& inputs = signature.inputs();
  return static_cast<std::uint32_t>(std::ranges::find(inputs, name, &kit::Spec::name) -
                                    inputs.begin());
}

// What an output's memory is kept by.
struct OutputBlock {
  std::shared_ptr<SharedMemory> memory;
  std::uint64_t at;
  std::uint64_t size;

  OutputBlock(std::shared_ptr<SharedMemory> m, std::uint64_t a, std::uint64_t s)
      : memory(std::move(m)), at(a), size(s) {}
  OutputBlock(const OutputBlock&) = delete;
  OutputBlock& operator=(const OutputBlock&) = delete;
  ~OutputBlock() { memory->Release(at, size); }
};

// Where an output lies, and what keeps it there.
struct Located {
  const std::byte* bytes = nullptr;
  std::shared_ptr<const void> keeper;
};

std::optional<Located> Locate(const TensorEntry& tensor,
                              const std::shared_ptr<SharedMemory>& memory,
                              const std::shared_ptr<InputBlocks>& inputs) {
  switch (tensor.place) {
    case Place::kInline: {
      auto copy =
          std::make_shared<std::vector<std::byte>>(tensor.bytes.begin(), tensor.bytes.end());
      const std::byte* bytes = copy->data();
      return Located{bytes, std::move(copy)};
    }
    case Place::kInput: {
      const std::size_t element = kit::ElementSize(tensor.dtype);
      if (element == 0 || tensor.at % element != 0) return std::nullopt;
      const std::byte* bytes = memory->Input(tensor.at, tensor.size);
      if (bytes == nullptr) return std::nullopt;
      return Located{bytes, inputs};
    }
    case Place::kOutput: {
      const std::byte* bytes = memory->Output(tensor.at, tensor.size);
      if (bytes == nullptr || tensor.at % sizeof(std::uint64_t) != 0) return std::nullopt;
      return Located{bytes, std::make_shared<OutputBlock>(memory, tensor.at, tensor.size)};
    }
  }
  return std::nullopt;
}

// Strings: the offsets are copied before they are checked, because the worker could change its own
// afterwards.
struct Strings {
  std::vector<std::uint64_t> offsets;
  std::shared_ptr<const void> keeper;
};

bool Fits(const TensorEntry& tensor, const kit::Spec& spec) {
  if (spec.dtype != PLINTH_DTYPE_ANY && spec.dtype != tensor.dtype) return false;
  if (!spec.shape) return true;
  return std::ranges::equal(
      tensor.shape(), *spec.shape,
      [](std::int64_t size, std::int64_t wanted) { return wanted == -1 || wanted == size; });
}

bool CheckOffsets(const std::vector<std::uint64_t>& offsets, std::uint64_t size) {
  return offsets.front() == 0 && offsets.back() <= size && std::ranges::is_sorted(offsets);
}

// `name` lives as long as what keeps the bytes, or the model.
kit::Status AddOutput(const TensorEntry& tensor, const char* name, Located located,
                      kit::OutputWriter& outputs) {
  const auto count = kit::CountOf(tensor.shape());
  if (!count) return Garbled();
  const auto elements = static_cast<std::uint64_t>(*count);
  if (tensor.dtype != PLINTH_BYTES) {
    std::uint64_t size = 0;
    if (__builtin_mul_overflow(elements, kit::ElementSize(tensor.dtype), &size) ||
        size != tensor.size) {
      return Garbled();
    }
    outputs.Add(name, tensor.dtype, tensor.shape(), located.bytes, size, std::move(located.keeper));
    return {};
  }
  if (elements >= tensor.size / sizeof(std::uint64_t)) return Garbled();
  const std::uint64_t head = (elements + 1) * sizeof(std::uint64_t);
  Strings strings{std::vector<std::uint64_t>(elements + 1), std::move(located.keeper)};
  std::memcpy(strings.offsets.data(), located.bytes, head);
  if (!CheckOffsets(strings.offsets, tensor.size - head)) return Garbled();
  const std::uint64_t* offsets = strings.offsets.data();
  const std::uint64_t size = strings.offsets.back();
  outputs.Add(name, PLINTH_BYTES, tensor.shape(), located.bytes + head, size, std::move(strings),
              offsets);
  return {};
}

}  // namespace

kit::Result<std::size_t> InputBlocks::Add(std::size_t size) {
  auto at = memory_->Allocate(size);
  if (at) blocks_.push_back(*at);
  return at;
}

kit::Status WriteTensorOf(FrameWriter& frame, const plinth_tensor& tensor, std::uint32_t index,
                          SharedMemory& memory, InputBlocks& blocks) {
  const Travelling travelling(tensor);
  TensorEntry entry;
  entry.index = index;
  entry.dtype = tensor.dtype;
  entry.rank = static_cast<std::uint8_t>(tensor.rank);
  std::ranges::copy(kit::ShapeOf(tensor), entry.dims.begin());
  entry.size = travelling.total();
  if (entry.size <= kInlineBytes) {
    WriteTensor(frame, entry);
    alignas(8) std::byte bytes[kInlineBytes];
    travelling.CopyTo(bytes);
    frame.Raw(bytes, entry.size);
    return {};
  }
  const auto at = blocks.Add(entry.size);
  if (!at) return kit::Fail(at.error());
  entry.place = Place::kInput;
  entry.at = *at;
  travelling.CopyTo(memory.At(*at));
  WriteTensor(frame, entry);
  return {};
}

kit::Status WriteInputs(FrameWriter& frame, const plinth_execute_request& request,
                        const kit::Signature& signature, SharedMemory& memory,
                        InputBlocks& blocks) {
  frame.Number(static_cast<std::uint32_t>(request.input_count));
  for (const plinth_tensor& input : std::span(request.inputs, request.input_count)) {
    auto written = WriteTensorOf(frame, input, IndexOf(signature, input.name), memory, blocks);
    if (!written) return written;
  }
  return {};
}

kit::Status TakeTensor(FrameReader& body, const std::string& name,
                       const std::shared_ptr<SharedMemory>& memory,
                       const std::shared_ptr<InputBlocks>& inputs, kit::OutputWriter& outputs) {
  TensorEntry tensor;
  if (!ReadTensor(body, tensor)) return Garbled();
  auto located = Locate(tensor, memory, inputs);
  if (!located) return Garbled();
  // The name lives as long as the bytes.
  auto named = std::make_shared<std::pair<std::string, std::shared_ptr<const void>>>(
      name, std::move(located->keeper));
  const char* const text = named->first.c_str();
  return AddOutput(tensor, text, {located->bytes, std::move(named)}, outputs);
}

kit::Status TakeOutputs(FrameReader body, const plinth_execute_request& request,
                        const kit::Signature& signature,
                        const std::shared_ptr<SharedMemory>& memory,
                        const std::shared_ptr<InputBlocks>& inputs, kit::OutputWriter& outputs) {
  if (body.Number<std::uint32_t>() != request.output_count) return Garbled();
  for (std::size_t i = 0; i < request.output_count; ++i) {
    const kit::Spec& spec = signature.outputs()[request.outputs[i]];
    TensorEntry tensor;
    if (!ReadTensor(body, tensor) || tensor.index != request.outputs[i]) return Garbled();
    if (!Fits(tensor, spec)) return Garbled();
    auto located = Locate(tensor, memory, inputs);
    if (!located) return Garbled();
    if (auto added = AddOutput(tensor, spec.name.c_str(), *std::move(located), outputs); !added)
      return added;
  }
  return {};
}

}  // namespace plinth::python
