// Tensors as the protocol's binary form has them: row by row, little-endian, a BOOL in one byte, an
// element of BYTES as its length in four bytes and what it holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/buffer.h"
#include "base/status.h"
#include "tensor/tensor.h"

namespace plinth::api::openinference {

// How many bytes RawOf() gives.
std::size_t RawSizeOf(const Tensor& tensor);

// The bytes of a tensor. Shares its memory, but for BYTES.
Buffer RawOf(const Tensor& tensor);

// The tensor of these bytes. Shares the memory if it is aligned to the type's size, but for BYTES.
// INVALID_ARGUMENT in Triton's words if they are too few, too many or not what the type allows;
// `input` and `model` are the names to be told. Requires a type of a tensor and a shape without
// negative dimensions.
Result<Tensor> TensorOfRaw(DType type, const Shape& shape, Buffer raw, std::string_view input,
                           std::string_view model);

// How much memory so many elements take, but for the contents of BYTES; nothing if that is beyond
// all memory, which SizeOverflow() tells.
std::optional<std::size_t> BytesOf(DType type, std::int64_t elements);
std::string SizeOverflow(std::string_view input, std::string_view model);

// For BYTES, however they came: INVALID_ARGUMENT if there are `got` elements instead of `expected`.
Status CheckStringCount(std::int64_t expected, std::int64_t got, std::string_view input,
                        std::string_view model);

}  // namespace plinth::api::openinference
