#include "serving/cache/compact_copy.h"

#include <cassert>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

namespace plinth {
namespace {

constexpr std::size_t kBlockOverhead = 64;  // the block's own header and its reference count

std::size_t RoundUp(std::size_t size) {
  return (size + Buffer::kAlignment - 1) / Buffer::kAlignment * Buffer::kAlignment;
}

// The bytes that the elements take. A slice of strings may stand in a buffer that has many more.
std::span<const std::byte> ElementsOf(const Tensor& tensor) {
  if (tensor.dtype() != DType::kBytes) return tensor.data().bytes();
  const auto offsets = tensor.offsets();
  return tensor.data().bytes().subspan(offsets.front(), offsets.back() - offsets.front());
}

std::size_t OffsetBytesOf(const Tensor& tensor) {
  return tensor.dtype() == DType::kBytes ? tensor.offsets().size_bytes() : 0;
}

std::size_t BlockBytes(const std::vector<NamedTensor>& outputs) {
  std::size_t bytes = 0;
  for (const NamedTensor& output : outputs) {
    bytes += RoundUp(ElementsOf(output.tensor).size()) + RoundUp(OffsetBytesOf(output.tensor));
  }
  return bytes;
}

// Hands out the block piece by piece.
class Carver {
 public:
  explicit Carver(std::size_t size)
      : block_(Buffer::Allocate(size)), write_(block_.mutable_data()) {}

  // The next `size` bytes: for writing, and as the buffer that they will be.
  std::pair<std::byte*, Buffer> Next(std::size_t size) {
    const std::size_t at = std::exchange(used_, used_ + RoundUp(size));
    return {write_ + at, block_.Slice(at, size)};
  }

 private:
  Buffer block_;
  std::byte* write_;
  std::size_t used_ = 0;
};

Tensor CopyInto(Carver& carver, const Tensor& tensor) {
  const auto elements = ElementsOf(tensor);
  auto [write, data] = carver.Next(elements.size());
  if (!elements.empty()) std::memcpy(write, elements.data(), elements.size());
  Result<Tensor> copy;
  if (tensor.dtype() == DType::kBytes) {
    auto [write_offsets, offsets] = carver.Next(OffsetBytesOf(tensor));
    for (const std::uint64_t offset : tensor.offsets()) {
      const std::uint64_t moved = offset - tensor.offsets().front();
      std::memcpy(write_offsets, &moved, sizeof moved);
      write_offsets += sizeof moved;
    }
    copy = Tensor::FromStrings(tensor.shape(), std::move(data), std::move(offsets));
  } else {
    copy = Tensor::FromBuffer(tensor.dtype(), tensor.shape(), std::move(data));
  }
  assert(copy);  // what was a tensor is one elsewhere
  return *std::move(copy);
}

}  // namespace

std::vector<NamedTensor> CompactCopy(const std::vector<NamedTensor>& outputs) {
  Carver carver(BlockBytes(outputs));
  std::vector<NamedTensor> copies;
  copies.reserve(outputs.size());
  for (const NamedTensor& output : outputs)
    copies.push_back({output.name, CopyInto(carver, output.tensor)});
  return copies;
}

std::size_t CompactBytes(const std::vector<NamedTensor>& outputs) {
  std::size_t bytes = kBlockOverhead + BlockBytes(outputs);
  for (const NamedTensor& output : outputs) bytes += sizeof(NamedTensor) + output.name.size() + 1;
  return bytes;
}

}  // namespace plinth
