// Tensors as JSON.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/json_writer.h"
#include "tensor/tensor.h"

namespace plinth::api {

// About how many characters the elements take, to reserve room.
std::size_t TextSizeOf(const Tensor& tensor);

// How BYTES are written.
enum class BytesStyle {
  kText,    // as strings; those that are not UTF-8 as {"b64": "..."}
  kBase64,  // all as {"b64": "..."}
};

// As nested arrays; a scalar for rank 0.
void WriteTensor(JsonWriter& json, const Tensor& tensor, BytesStyle bytes = BytesStyle::kText);

// The part of index `row` along the first dimension, which there must be.
void WriteRow(JsonWriter& json, const Tensor& tensor, std::int64_t row,
              BytesStyle bytes = BytesStyle::kText);

// As one array of all elements, row by row, whatever the shape.
void WriteElements(JsonWriter& json, const Tensor& tensor);

}  // namespace plinth::api
