// What built-in steps have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/json_fields.h"
#include "model/signature.h"
#include "tensor/shape.h"

namespace plinth::pipeline {

// An axis as it is written: -1 is the last. The place in a shape of that rank. INVALID_ARGUMENT.
Result<std::size_t> PlaceAxis(std::int64_t axis, std::size_t rank);

// A tensor seen along an axis: element (o, a, i) is at (o * size + a) * inner + i.
struct AlongAxis {
  std::size_t outer = 1;
  std::size_t size = 0;
  std::size_t inner = 1;
};
AlongAxis Along(const Shape& shape, std::size_t axis);

// The option "axis", -1 if it is not there. Other options than `known` are refused; "axis" must be
// among them.
Result<std::int64_t> ReadAxis(std::span<const json::Field> options,
                              std::span<const std::string_view> known);

// INVALID_ARGUMENT unless all of them are numbers, or of a type that only shows when it runs.
Status ExpectNumbers(std::span<const TensorSpec> inputs);

// INVALID_ARGUMENT if the shapes, of tensors of these names, can never be the same.
Status ExpectSameShape(const Shape& a, const Shape& b, const std::string& a_name,
                       const std::string& b_name);

// INVALID_ARGUMENT if the tensor has no such axis, as far as its shape is known.
Status ExpectAxis(const TensorSpec& input, std::int64_t axis);

// Refuses all options.
Status ExpectNoOptions(std::span<const json::Field> options);

// The spec under another name, and of another type.
TensorSpec As(TensorSpec spec, std::string name, DType type);

// The spec of a tensor without that axis, or with a size of `size` there.
TensorSpec WithAxis(TensorSpec spec, std::int64_t axis, std::optional<std::int64_t> size);

}  // namespace plinth::pipeline
