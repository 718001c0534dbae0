// Built-in steps that change no values: select, cast, reshape, concat.
#include <algorithm>
#include <array>
#include <utility>

#include "pipeline/builtin.h"
#include "pipeline/builtin_parts.h"
#include "tensor/concat.h"
#include "tensor/convert.h"

namespace plinth::pipeline {
namespace {

using Tensors = std::vector<NamedTensor>;
using json::Field;

Result<Shape> ReadShape(const Field& field) {
  const auto list = field.Array();
  if (!list) return Fail(list.error());
  Shape shape;
  bool open = false;
  for (const simdjson::dom::element item : *list) {
    const auto dim = Field{field.what, field.key, item}.Integer(-1, INT64_MAX);
    if (!dim) return Fail(dim.error());
    if ((open && *dim == -1) || shape.rank() == Shape::kMaxRank) {
      return field.Refuse("at most " + std::to_string(Shape::kMaxRank) +
                          " sizes, one of which may be -1");
    }
    open = open || *dim == -1;
    shape.Append(*dim);
  }
  return shape;
}

// The shape with its -1 filled in for so many elements.
Result<Shape> FillIn(Shape shape, const Tensor& tensor) {
  std::int64_t known = 1;
  std::size_t open = Shape::kMaxRank;
  for (std::size_t i = 0; i < shape.rank(); ++i) {
    if (shape[i] == -1) {
      open = i;
    } else if (__builtin_mul_overflow(known, shape[i], &known)) {
      known = -1;
      break;
    }
  }
  const std::int64_t count = tensor.element_count();
  if (open != Shape::kMaxRank && known > 0 && count % known == 0) {
    shape[open] = count / known;
    return shape;
  }
  if (open == Shape::kMaxRank && known == count) return shape;
  return Fail(Code::kInvalidArgument, "a tensor of shape " + tensor.shape().ToString() +
                                          " cannot become " + shape.ToString());
}

}  // namespace

// Renames: its inputs are its outputs.
Result<Builtin> MakeSelect(std::span<const Field> options, std::vector<TensorSpec> inputs) {
  if (auto none = ExpectNoOptions(options); !none) return Fail(none.error());
  Builtin builtin;
  builtin.signature.inputs = inputs;
  builtin.signature.outputs = std::move(inputs);
  builtin.function = [](const Tensors& given) -> Result<Tensors> { return given; };
  return builtin;
}

Result<Builtin> MakeCast(std::span<const Field> options, std::vector<TensorSpec> inputs) {
  constexpr std::array<std::string_view, 1> kKnown = {"dtype"};
  DType to = DType::kAny;
  for (const Field& option : options) {
    if (option.key != "dtype") return option.Unknown(kKnown);
    const auto name = option.Text();
    const auto type = name ? DTypeFromName(*name) : std::nullopt;
    if (!type || SizeOf(*type) == 0) return option.Refuse("BOOL, INT64, FP32 or another number");
    to = *type;
  }
  if (to == DType::kAny) {
    return Fail(Code::kInvalidArgument, R"("options" must say the "dtype", as {"dtype": "FP32"})");
  }
  if (auto numbers = ExpectNumbers(inputs); !numbers) return Fail(numbers.error());
  Builtin builtin;
  builtin.signature.outputs = inputs;
  for (TensorSpec& output : builtin.signature.outputs) output.dtype = to;
  builtin.signature.inputs = std::move(inputs);
  builtin.function = [to](const Tensors& given) -> Result<Tensors> {
    Tensors all;
    for (const NamedTensor& input : given) {
      auto converted = Convert(input.tensor, to);
      if (!converted) return Fail(converted.error());
      all.push_back({input.name, *std::move(converted)});
    }
    return all;
  };
  return builtin;
}

Result<Builtin> MakeReshape(std::span<const Field> options, std::vector<TensorSpec> inputs) {
  constexpr std::array<std::string_view, 1> kKnown = {"shape"};
  std::optional<Shape> shape;
  for (const Field& option : options) {
    if (option.key != "shape") return option.Unknown(kKnown);
    auto read = ReadShape(option);
    if (!read) return Fail(read.error());
    shape = *read;
  }
  if (!shape) {
    return Fail(Code::kInvalidArgument,
                R"("options" must say the "shape", as {"shape": [-1, 64]})");
  }
  if (const auto& from = inputs.front().shape) {
    const auto before = from->ElementCount();
    const auto after = shape->ElementCount();
    if (before && after && *before != *after) {
      return Fail(Code::kInvalidArgument,
                  "a tensor of shape " + from->ToString() + " cannot become " + shape->ToString());
    }
  }
  Builtin builtin;
  TensorSpec output = As(inputs.front(), "y", inputs.front().dtype);
  output.shape = shape;
  const bool keeps_rows = inputs.front().batch_axis == 0 && shape->rank() > 0 && (*shape)[0] == -1;
  output.batch_axis = keeps_rows ? 0 : -1;
  builtin.signature.outputs = {std::move(output)};
  builtin.signature.inputs = std::move(inputs);
  builtin.function = [shape = *shape](const Tensors& given) -> Result<Tensors> {
    const auto filled = FillIn(shape, given.front().tensor);
    if (!filled) return Fail(filled.error());
    return Tensors{{"y", given.front().tensor.Reshape(*filled)}};
  };
  return builtin;
}

Result<Builtin> MakeConcat(std::span<const Field> options, std::vector<TensorSpec> inputs) {
  constexpr std::array<std::string_view, 1> kKnown = {"axis"};
  const auto axis = ReadAxis(options, kKnown);
  if (!axis) return Fail(axis.error());
  TensorSpec output = As(inputs.front(), "y", inputs.front().dtype);
  std::optional<std::int64_t> size = 0;
  for (const TensorSpec& input : inputs) {
    if (input.dtype != output.dtype) {
      return Fail(Code::kInvalidArgument,
                  "its inputs have different types: '" + inputs.front().name + "' is " +
                      std::string(NameOf(output.dtype)) + ", '" + input.name + "' is " +
                      std::string(NameOf(input.dtype)) + R"(; add a step {"builtin": "cast"})");
    }
    if (!input.shape) {
      output.shape.reset();
      continue;
    }
    const auto place = PlaceAxis(*axis, input.shape->rank());
    if (!place) return Fail(place.error().Annotate("input '" + input.name + "'"));
    const std::int64_t own = (*input.shape)[*place];
    if (output.shape) {
      Shape others = *input.shape;
      if (others.rank() == output.shape->rank()) others[*place] = (*output.shape)[*place];
      const auto fits = ExpectSameShape(*output.shape, others, inputs.front().name, input.name);
      if (!fits) return Fail(fits.error());
    }
    if (size) size = own < 0 ? std::nullopt : std::optional(*size + own);
  }
  output = WithAxis(std::move(output), *axis, size.value_or(-1));
  Builtin builtin;
  builtin.signature.outputs = {std::move(output)};
  builtin.signature.inputs = std::move(inputs);
  builtin.function = [axis = *axis](const Tensors& given) -> Result<Tensors> {
    std::vector<const Tensor*> parts;
    for (const NamedTensor& input : given) parts.push_back(&input.tensor);
    const auto place = PlaceAxis(axis, parts.front()->shape().rank());
    if (!place) return Fail(place.error());
    auto joined = Concatenate(parts, *place);
    if (!joined) return Fail(joined.error());
    return Tensors{{"y", *std::move(joined)}};
  };
  return builtin;
}

}  // namespace plinth::pipeline
