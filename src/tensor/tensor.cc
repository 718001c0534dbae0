#include "tensor/tensor.h"

#include <cassert>
#include <cstring>

namespace plinth {
namespace {

// The element count, or why the shape cannot be a tensor's.
Result<std::int64_t> CheckedCount(const Shape& shape) {
  const auto count = shape.ElementCount();
  if (!count) {
    return Fail(Code::kInvalidArgument, "shape " + shape.ToString() +
                                            " is not possible: a dimension is negative or the "
                                            "number of elements exceeds 9223372036854775807");
  }
  return *count;
}

// The bytes that a tensor of this type and shape takes, or why there can be no such tensor.
Result<std::size_t> CheckedBytes(DType type, const Shape& shape, std::int64_t count) {
  std::size_t bytes = 0;
  if (SizeOf(type) == 0 ||
      __builtin_mul_overflow(static_cast<std::size_t>(count), SizeOf(type), &bytes)) {
    return Fail(Code::kInvalidArgument, "a tensor of type " + std::string(NameOf(type)) +
                                            " and shape " + shape.ToString() +
                                            " has no representable size");
  }
  return bytes;
}

}  // namespace

Result<Tensor> Tensor::Allocate(DType type, const Shape& shape, std::size_t max_bytes) {
  const auto count = CheckedCount(shape);
  if (!count) return Fail(count.error());
  const auto bytes = CheckedBytes(type, shape, *count);
  if (!bytes) return Fail(bytes.error());
  if (*bytes > max_bytes) {
    return Fail(Code::kInvalidArgument, "shape " + shape.ToString() + " takes " +
                                            std::to_string(*bytes) + " bytes, the limit is " +
                                            std::to_string(max_bytes));
  }
  return Tensor(type, shape, *count, Buffer::Allocate(*bytes), {});
}

Result<Tensor> Tensor::FromBuffer(DType type, const Shape& shape, Buffer data) {
  const auto count = CheckedCount(shape);
  if (!count) return Fail(count.error());
  const auto bytes = CheckedBytes(type, shape, *count);
  if (!bytes) return Fail(bytes.error());
  if (*bytes != data.size()) {
    return Fail(Code::kInvalidArgument,
                "shape " + shape.ToString() + " of " + std::string(NameOf(type)) + " takes " +
                    std::to_string(*bytes) + " bytes, got " + std::to_string(data.size()));
  }
  const auto address = reinterpret_cast<std::uintptr_t>(data.data());
  if (address % SizeOf(type) != 0) data = Buffer::Copy(data.bytes());
  return Tensor(type, shape, *count, std::move(data), {});
}

Result<Tensor> Tensor::FromStrings(const Shape& shape, Buffer data, Buffer offsets) {
  const auto count = CheckedCount(shape);
  if (!count) return Fail(count.error());
  const std::size_t numbers = offsets.size() / sizeof(std::uint64_t);
  if (offsets.size() % sizeof(std::uint64_t) != 0 || numbers == 0 ||
      numbers - 1 != static_cast<std::size_t>(*count)) {
    return Fail(Code::kInvalidArgument, "shape " + shape.ToString() + " of BYTES needs " +
                                            std::to_string(*count) +
                                            " strings: their offsets do not match");
  }
  const auto* at = offsets.As<std::uint64_t>();
  for (std::size_t i = 0; i + 1 < numbers; ++i) {
    if (at[i] > at[i + 1]) return Fail(Code::kInvalidArgument, "string offsets must never fall");
  }
  if (at[numbers - 1] > data.size()) {
    return Fail(Code::kInvalidArgument, "string offsets end beyond the strings' bytes");
  }
  return Tensor(DType::kBytes, shape, *count, std::move(data), std::move(offsets));
}

Tensor Tensor::OfStrings(const Shape& shape, std::span<const std::string> strings) {
  Buffer offsets = Buffer::Allocate((strings.size() + 1) * sizeof(std::uint64_t));
  auto* at = reinterpret_cast<std::uint64_t*>(offsets.mutable_data());
  at[0] = 0;
  for (std::size_t i = 0; i < strings.size(); ++i) at[i + 1] = at[i] + strings[i].size();
  Buffer data = Buffer::Allocate(at[strings.size()]);
  for (std::size_t i = 0; i < strings.size(); ++i) {
    if (!strings[i].empty()) {
      std::memcpy(data.mutable_data() + at[i], strings[i].data(), strings[i].size());
    }
  }
  const auto count = static_cast<std::int64_t>(strings.size());
  assert(shape.ElementCount() == count);
  return {DType::kBytes, shape, count, std::move(data), std::move(offsets)};
}

Tensor Tensor::Reshape(const Shape& shape) const {
  assert(shape.ElementCount() == element_count_);
  return {dtype_, shape, element_count_, data_, offsets_};
}

Tensor Tensor::SliceRows(std::int64_t begin, std::int64_t count) const {
  assert(shape_.rank() >= 1 && begin >= 0 && count >= 0 && begin + count <= shape_[0]);
  Shape shape = shape_;
  shape[0] = count;
  const std::int64_t row = shape_[0] == 0 ? 0 : element_count_ / shape_[0];
  const auto first = static_cast<std::size_t>(begin * row);
  const auto elements = static_cast<std::size_t>(count * row);
  if (dtype_ == DType::kBytes) {
    constexpr std::size_t kWord = sizeof(std::uint64_t);
    return {dtype_, shape, count * row, data_,
            offsets_.Slice(first * kWord, (elements + 1) * kWord)};
  }
  const std::size_t size = SizeOf(dtype_);
  return {dtype_, shape, count * row, data_.Slice(first * size, elements * size), {}};
}

}  // namespace plinth
