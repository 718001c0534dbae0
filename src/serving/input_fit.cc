#include "serving/input_fit.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "model/signature_text.h"
#include "serving/input_check.h"
#include "tensor/convert.h"

namespace plinth {
namespace {

// A shape with ones added to its end, or left out there, so that it has `rank` dimensions.
std::optional<Shape> WithRank(const Shape& shape, std::size_t rank) {
  const auto dims = shape.dims();
  if (std::ranges::any_of(dims.subspan(std::min(rank, dims.size())),
                          [](std::int64_t dim) { return dim != 1; })) {
    return std::nullopt;
  }
  Shape other(dims.first(std::min(rank, dims.size())));
  while (other.rank() < rank) other.Append(1);
  return other;
}

// The spec's shape for a shape that is not admitted as it is; nothing if it has none.
std::optional<Shape> FittingShape(const TensorSpec& spec, const Shape& shape) {
  if (!spec.shape || shape.rank() == 0) return std::nullopt;
  auto other = WithRank(shape, spec.shape->rank());
  return other && spec.shape->Admits(*other) ? other : std::nullopt;
}

// The columns of a matrix; nothing for those that nothing looks at.
using Columns = std::vector<std::optional<Tensor>>;

// The tensors in the order of the columns, each fitted; of what nothing looks at, nothing.
Result<Columns> OrderColumns(const Signature& signature, std::vector<NamedTensor>& inputs) {
  Columns found(signature.columns.size());
  std::vector<bool> given(found.size());
  for (NamedTensor& input : inputs) {
    const TensorSpec* const spec = FindSpec(signature.columns, input.name);
    if (spec == nullptr) {
      return RefuseInput(input.name,
                         "is unknown; the model's columns are " + NamesOf(signature.columns));
    }
    const auto j = static_cast<std::size_t>(spec - signature.columns.data());
    if (given[j]) return RefuseInput(input.name, "is given twice");
    given[j] = true;
    if (!spec->optional) found[j] = Fitted(*spec, std::move(input.tensor));
  }
  return found;
}

// How many rows the columns have. INVALID_ARGUMENT where they do not fit.
Result<std::int64_t> CheckColumns(const Signature& signature, const Columns& columns) {
  std::optional<std::int64_t> rows;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    const TensorSpec& spec = signature.columns[j];
    if (spec.optional) continue;
    if (!columns[j]) {
      return RefuseInput(spec.name,
                         "is missing; the model's columns are " + NamesOf(signature.columns));
    }
    if (auto fits = CheckInput(spec, *columns[j]); !fits) return Fail(std::move(fits.error()));
    const std::int64_t own = columns[j]->element_count();
    if (own != rows.value_or(own)) {
      return RefuseInput(spec.name, "has " + std::to_string(own) +
                                        " rows, the columns before it have " +
                                        std::to_string(*rows));
    }
    rows = own;
  }
  return rows.value_or(0);
}

void Interleave(const Columns& columns, Tensor& matrix) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  const std::span<double> to = matrix.mutable_values<double>();
  const std::size_t width = columns.size();
  for (std::size_t j = 0; j < width; ++j) {
    const auto from = columns[j] ? columns[j]->values<double>() : std::span<const double>();
    for (std::size_t i = 0; i * width < to.size(); ++i) {
      to[i * width + j] = columns[j] ? from[i] : kNaN;
    }
  }
}

}  // namespace

bool Converts(DType from, DType to) {
  return to == DType::kFp64 && from != DType::kAny && from != DType::kBytes;
}

bool FitsButForOnes(const TensorSpec& spec, const Shape& shape) {
  return FittingShape(spec, shape).has_value();
}

Tensor Fitted(const TensorSpec& spec, Tensor tensor) {
  if (!spec.fitted) return tensor;
  if (spec.shape && !spec.shape->Admits(tensor.shape())) {
    if (const auto shape = FittingShape(spec, tensor.shape())) tensor = tensor.Reshape(*shape);
  }
  if (!Converts(tensor.dtype(), spec.dtype)) return tensor;
  auto converted = Convert(tensor, spec.dtype);
  return converted ? *std::move(converted) : tensor;  // CheckInput() will refuse it
}

Status JoinColumns(const Signature& signature, std::vector<NamedTensor>& inputs) {
  if (signature.columns.empty() || inputs.empty()) return {};
  if (signature.FormOf(inputs.front().name).data() != signature.columns.data()) return {};
  const TensorSpec& spec = signature.inputs.front();
  auto columns = OrderColumns(signature, inputs);
  if (!columns) return Fail(std::move(columns.error()));
  const auto rows = CheckColumns(signature, *columns);
  if (!rows) return Fail(rows.error());
  const auto width = static_cast<std::int64_t>(columns->size());
  auto matrix = Tensor::Allocate(spec.dtype, Shape{*rows, width});
  if (!matrix) return Fail(std::move(matrix.error()));
  Interleave(*columns, *matrix);
  inputs.clear();
  inputs.push_back({spec.name, *std::move(matrix)});
  return {};
}

}  // namespace plinth
