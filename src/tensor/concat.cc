#include "tensor/concat.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <string>
#include <utility>

namespace plinth {
namespace {

// How a tensor lies in memory, seen along an axis: `outer` times a run of shape[axis] * `inner`
// elements.
struct Layout {
  std::size_t outer = 1;
  std::size_t inner = 1;

  Layout(const Shape& shape, std::size_t axis) {
    for (std::size_t i = 0; i < axis; ++i) outer *= static_cast<std::size_t>(shape[i]);
    for (std::size_t i = axis + 1; i < shape.rank(); ++i)
      inner *= static_cast<std::size_t>(shape[i]);
  }
};

Status CheckPart(const Tensor& first, const Tensor& part, std::size_t axis) {
  if (part.dtype() != first.dtype()) {
    return Fail(Code::kInvalidArgument, "tensors of types " + std::string(NameOf(first.dtype())) +
                                            " and " + std::string(NameOf(part.dtype())) +
                                            " cannot be joined");
  }
  const auto fits = [&](std::size_t i) { return i == axis || part.shape()[i] == first.shape()[i]; };
  bool all_fit = part.shape().rank() == first.shape().rank();
  for (std::size_t i = 0; all_fit && i < first.shape().rank(); ++i) all_fit = fits(i);
  if (all_fit) return {};
  return Fail(Code::kInvalidArgument, "tensors of shapes " + first.shape().ToString() + " and " +
                                          part.shape().ToString() +
                                          " cannot be joined along axis " + std::to_string(axis));
}

Result<Shape> JoinedShape(std::span<const Tensor* const> parts, std::size_t axis) {
  if (parts.empty()) return Fail(Code::kInvalidArgument, "there is nothing to join");
  Shape shape = parts.front()->shape();
  if (axis >= shape.rank()) {
    return Fail(Code::kInvalidArgument, "tensors of shape " + shape.ToString() + " have no axis " +
                                            std::to_string(axis) + " to be joined along");
  }
  shape[axis] = 0;
  for (const Tensor* part : parts) {
    if (auto fits = CheckPart(*parts.front(), *part, axis); !fits) return Fail(fits.error());
    if (__builtin_add_overflow(shape[axis], part->shape()[axis], &shape[axis])) {
      return Fail(Code::kInvalidArgument, "the joined tensor has no representable size");
    }
  }
  return shape;
}

Result<Tensor> ConcatenateFixed(std::span<const Tensor* const> parts, std::size_t axis,
                                const Shape& shape, std::size_t max_bytes) {
  auto joined = Tensor::Allocate(parts.front()->dtype(), shape, max_bytes);
  if (!joined || joined->element_count() == 0) return joined;
  const Layout layout(shape, axis);
  std::byte* to = joined->mutable_bytes().data();
  for (std::size_t i = 0; i < layout.outer; ++i) {
    for (const Tensor* part : parts) {
      const std::size_t run = part->data().size() / layout.outer;
      if (run > 0) std::memcpy(to, part->data().data() + i * run, run);
      to += run;
    }
  }
  return joined;
}

// Writes strings one behind the other into memory that has been made large enough.
class StringWriter {
 public:
  // Throws std::bad_alloc.
  StringWriter(std::size_t count, std::size_t bytes)
      : offsets_(Buffer::Allocate((count + 1) * sizeof(std::uint64_t))),
        data_(Buffer::Allocate(bytes)),
        next_offset_(reinterpret_cast<std::uint64_t*>(offsets_.mutable_data())) {
    *next_offset_++ = 0;
  }

  // Elements [begin, begin + count) of `from`.
  void Append(const Tensor& from, std::size_t begin, std::size_t count) {
    const auto offsets = from.offsets().subspan(begin, count + 1);
    const std::size_t bytes = offsets.back() - offsets.front();
    if (bytes > 0)
      std::memcpy(data_.mutable_data() + used_, from.data().data() + offsets.front(), bytes);
    for (const std::uint64_t offset : offsets.subspan(1))
      *next_offset_++ = used_ + offset - offsets.front();
    used_ += bytes;
  }

  Result<Tensor> Finish(const Shape& shape) && {
    return Tensor::FromStrings(shape, std::move(data_), std::move(offsets_));
  }

 private:
  Buffer offsets_;
  Buffer data_;
  std::uint64_t* next_offset_;
  std::size_t used_ = 0;
};

std::size_t ContentBytes(const Tensor& strings) {
  return strings.offsets().back() - strings.offsets().front();
}

Result<Tensor> ConcatenateStrings(std::span<const Tensor* const> parts, std::size_t axis,
                                  const Shape& shape, std::size_t max_bytes) {
  const auto count = shape.ElementCount();
  std::size_t bytes = 0;
  bool representable = count.has_value();
  for (const Tensor* part : parts) {
    representable = representable && !__builtin_add_overflow(bytes, ContentBytes(*part), &bytes);
  }
  if (!representable || bytes > max_bytes ||
      static_cast<std::size_t>(*count) >= max_bytes / sizeof(std::uint64_t)) {
    return Fail(Code::kInvalidArgument, "strings of shape " + shape.ToString() +
                                            " take more than the limit of " +
                                            std::to_string(max_bytes) + " bytes");
  }
  StringWriter writer(static_cast<std::size_t>(*count), bytes);
  const Layout layout(shape, axis);
  for (std::size_t i = 0; i<layout.outer&& * count> 0; ++i) {
    for (const Tensor* part : parts) {
      const std::size_t run = static_cast<std::size_t>(part->shape()[axis]) * layout.inner;
      writer.Append(*part, i * run, run);
    }
  }
  return std::move(writer).Finish(shape);
}

}  // namespace

Result<Tensor> Concatenate(std::span<const Tensor* const> parts, std::size_t axis,
                           std::size_t max_bytes) {
  const auto shape = JoinedShape(parts, axis);
  if (!shape) return Fail(shape.error());
  if (parts.size() == 1) return *parts.front();
  if (parts.front()->dtype() == DType::kBytes)
    return ConcatenateStrings(parts, axis, *shape, max_bytes);
  return ConcatenateFixed(parts, axis, *shape, max_bytes);
}

Tensor SliceAxis(const Tensor& tensor, std::size_t axis, std::int64_t begin, std::int64_t count) {
  assert(axis < tensor.shape().rank() && begin >= 0 && count >= 0 &&
         begin <= tensor.shape()[axis] - count);
  if (axis == 0) return tensor.SliceRows(begin, count);
  Shape shape = tensor.shape();
  shape[axis] = count;
  const Layout layout(shape, axis);
  const std::size_t whole = static_cast<std::size_t>(tensor.shape()[axis]) * layout.inner;
  const std::size_t first = static_cast<std::size_t>(begin) * layout.inner;
  const std::size_t run = static_cast<std::size_t>(count) * layout.inner;
  Result<Tensor> slice;
  if (tensor.dtype() == DType::kBytes) {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < layout.outer && run > 0; ++i) {
      bytes += tensor.offsets()[i * whole + first + run] - tensor.offsets()[i * whole + first];
    }
    StringWriter writer(layout.outer * run, bytes);
    for (std::size_t i = 0; i < layout.outer && run > 0; ++i)
      writer.Append(tensor, i * whole + first, run);
    slice = std::move(writer).Finish(shape);
  } else {
    slice = Tensor::Allocate(tensor.dtype(), shape);
    const std::size_t size = SizeOf(tensor.dtype());
    std::byte* to = slice->mutable_bytes().data();
    for (std::size_t i = 0; i < layout.outer && run > 0; ++i, to += run * size) {
      std::memcpy(to, tensor.data().data() + (i * whole + first) * size, run * size);
    }
  }
  assert(slice);  // a part of what has a size has one
  return *std::move(slice);
}

}  // namespace plinth
