// Tensors as JSON.
//
// Strings that are not UTF-8 are written as {"b64": "..."}.
#pragma once

#include <cstddef>

#include "base/json_writer.h"
#include "tensor/tensor.h"

namespace plinth::api {

// About how many characters the elements take, to reserve room.
std::size_t TextSizeOf(const Tensor& tensor);

// As nested arrays; a scalar for rank 0.
void WriteTensor(JsonWriter& json, const Tensor& tensor);

// As one array of all elements, row by row, whatever the shape.
void WriteElements(JsonWriter& json, const Tensor& tensor);

}  // namespace plinth::api
