#include "pipeline/builtin_parts.h"

#include <algorithm>
#include <utility>

#include "pipeline/flow_check.h"

namespace plinth::pipeline {

Result<std::size_t> PlaceAxis(std::int64_t axis, std::size_t rank) {
  const auto count = static_cast<std::int64_t>(rank);
  const std::int64_t place = axis < 0 ? axis + count : axis;
  if (place >= 0 && place < count) return static_cast<std::size_t>(place);
  return Fail(Code::kInvalidArgument, "there is no axis " + std::to_string(axis) +
                                          " in a tensor of " + std::to_string(rank) +
                                          " dimensions");
}

AlongAxis Along(const Shape& shape, std::size_t axis) {
  AlongAxis along;
  for (std::size_t i = 0; i < axis; ++i) along.outer *= static_cast<std::size_t>(shape[i]);
  along.size = static_cast<std::size_t>(shape[axis]);
  for (std::size_t i = axis + 1; i < shape.rank(); ++i)
    along.inner *= static_cast<std::size_t>(shape[i]);
  return along;
}

Result<std::int64_t> ReadAxis(std::span<const json::Field> options,
                              std::span<const std::string_view> known) {
  constexpr std::int64_t kMost = Shape::kMaxRank;
  std::int64_t axis = -1;
  for (const json::Field& option : options) {
    if (std::ranges::find(known, option.key) == known.end()) return option.Unknown(known);
    if (option.key != "axis") continue;
    auto read = option.Integer(-kMost, kMost - 1);
    if (!read) return read;
    axis = *read;
  }
  return axis;
}

Status ExpectNumbers(std::span<const TensorSpec> inputs) {
  for (const TensorSpec& input : inputs) {
    if (input.dtype != DType::kBytes) continue;
    return Fail(Code::kInvalidArgument, "input '" + input.name + "' is BYTES, expected numbers");
  }
  return {};
}

Status ExpectSameShape(const Shape& a, const Shape& b, const std::string& a_name,
                       const std::string& b_name) {
  if (MayBeEqual(a, b)) return {};
  return Fail(Code::kInvalidArgument, "its inputs do not fit together: '" + a_name + "' is " +
                                          a.ToString() + ", '" + b_name + "' is " + b.ToString());
}

Status ExpectAxis(const TensorSpec& input, std::int64_t axis) {
  if (!input.shape) return {};
  if (auto place = PlaceAxis(axis, input.shape->rank()); !place) return Fail(place.error());
  return {};
}

Status ExpectNoOptions(std::span<const json::Field> options) {
  if (options.empty()) return {};
  return Fail(Code::kInvalidArgument,
              "option '" + std::string(options.front().key) + "' is unknown; there are none");
}

TensorSpec As(TensorSpec spec, std::string name, DType type) {
  spec.name = std::move(name);
  spec.dtype = type;
  return spec;
}

TensorSpec WithAxis(TensorSpec spec, std::int64_t axis, std::optional<std::int64_t> size) {
  if (!spec.shape) return spec;
  const auto place = PlaceAxis(axis, spec.shape->rank());
  if (!place) return spec;
  if (size) {
    (*spec.shape)[*place] = *size;
    return spec;
  }
  Shape shape;
  for (std::size_t i = 0; i < spec.shape->rank(); ++i) {
    if (i != *place) shape.Append((*spec.shape)[i]);
  }
  if (spec.batch_axis == static_cast<int>(*place)) spec.batch_axis = -1;
  if (spec.batch_axis > static_cast<int>(*place)) --spec.batch_axis;
  spec.shape = shape;
  return spec;
}

}  // namespace plinth::pipeline
