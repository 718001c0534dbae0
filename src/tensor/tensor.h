// A tensor: a type, a shape, and dense row-major little-endian elements in a shared buffer.
//
// Invariants of a Tensor made by one of the factories:
//   - the shape has no negative dimension and its element count does not overflow;
//   - fixed-size types: data().size() == element count * SizeOf(dtype), aligned to the element's
//   size;
//   - kBytes: offsets() holds element count + 1 numbers that never fall and end within data();
//   - kBool: whoever fills it writes only 0 and 1.
// Copying a Tensor shares its buffers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/status.h"
#include "tensor/dtype.h"
#include "tensor/shape.h"

namespace plinth {

class Tensor {
 public:
  // An FP32 tensor of shape [0].
  Tensor() = default;

  // A tensor over uninitialised memory of its own, to be filled through mutable_data().
  // INVALID_ARGUMENT if the shape is negative or its bytes would exceed `max_bytes`. Not for kBytes
  // and kAny.
  static Result<Tensor> Allocate(DType type, const Shape& shape,
                                 std::size_t max_bytes = SIZE_MAX / 2);

  // A tensor over given memory; copies it only if it is not aligned to the element's size.
  // INVALID_ARGUMENT if the sizes do not match. Not for kBytes and kAny.
  static Result<Tensor> FromBuffer(DType type, const Shape& shape, Buffer data);

  // A kBytes tensor over given memory; `offsets` holds std::uint64_t numbers. INVALID_ARGUMENT if
  // the invariants do not hold.
  static Result<Tensor> FromStrings(const Shape& shape, Buffer data, Buffer offsets);

  // A kBytes tensor that holds copies of the strings. Requires as many strings as the shape has
  // elements.
  static Tensor OfStrings(const Shape& shape, std::span<const std::string> strings);

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  std::int64_t element_count() const { return element_count_; }
  const Buffer& data() const { return data_; }

  // Typed elements. Requires T to have the size of dtype's elements.
  template <typename T>
  std::span<const T> values() const {
    return {data_.As<T>(), static_cast<std::size_t>(element_count_)};
  }
  // For writing: only on a tensor from Allocate() that has not been shared yet.
  template <typename T>
  std::span<T> mutable_values() {
    return {reinterpret_cast<T*>(data_.mutable_data()), static_cast<std::size_t>(element_count_)};
  }
  std::span<std::byte> mutable_bytes() { return {data_.mutable_data(), data_.size()}; }

  // kBytes only.
  std::span<const std::uint64_t> offsets() const {
    return {offsets_.As<std::uint64_t>(), static_cast<std::size_t>(element_count_) + 1};
  }
  std::string_view string_at(std::size_t i) const {
    const auto at = offsets();
    return {data_.As<char>() + at[i], static_cast<std::size_t>(at[i + 1] - at[i])};
  }

  // Rows [begin, begin + count) along the first dimension, sharing the memory. Requires rank >= 1
  // and rows in range.
  Tensor SliceRows(std::int64_t begin, std::int64_t count) const;

  // The same elements in another shape, sharing the memory. Requires a shape of as many elements.
  Tensor Reshape(const Shape& shape) const;

 private:
  Tensor(DType type, const Shape& shape, std::int64_t element_count, Buffer data, Buffer offsets)
      : dtype_(type),
        shape_(shape),
        element_count_(element_count),
        data_(std::move(data)),
        offsets_(std::move(offsets)) {}

  DType dtype_ = DType::kFp32;
  Shape shape_{0};
  std::int64_t element_count_ = 0;
  Buffer data_;
  Buffer offsets_;  // kBytes only
};

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

}  // namespace plinth
