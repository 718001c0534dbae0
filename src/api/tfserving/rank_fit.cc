#include "api/tfserving/rank_fit.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

namespace plinth::api::tfserving {
namespace {

// `shape` with ones for all dimensions that it lacks, if the signature has ones there as well.
std::optional<Shape> Completed(const TensorSpec& spec, Shape shape) {
  if (!spec.shape || shape.rank() >= spec.shape->rank()) return std::nullopt;
  if (shape.rank() == 0 && spec.batch_axis == 0) shape.Append(1);
  while (shape.rank() < spec.shape->rank()) {
    if ((*spec.shape)[shape.rank()] != 1) return std::nullopt;
    shape.Append(1);
  }
  if (!spec.shape->Admits(shape)) return std::nullopt;
  return shape;
}

bool MayLack(const TensorSpec& spec) {
  return spec.shape && spec.shape->rank() > 0 && (*spec.shape)[spec.shape->rank() - 1] == 1;
}

}  // namespace

std::optional<Signature> WithoutShapes(const Signature& signature) {
  if (std::ranges::none_of(signature.inputs, MayLack)) return std::nullopt;
  Signature relaxed = signature;
  for (TensorSpec& spec : relaxed.inputs) {
    if (MayLack(spec)) spec.shape.reset();
  }
  return relaxed;
}

std::size_t AddMissingDimensions(const Signature& signature, std::vector<NamedTensor>& inputs) {
  std::optional<std::size_t> missing;
  std::vector<Shape> shapes;
  for (const auto& [name, tensor] : inputs) {
    const TensorSpec* const spec = signature.FindInput(name);
    const auto shape = spec == nullptr ? std::nullopt : Completed(*spec, tensor.shape());
    if (!shape) return 0;
    const std::size_t own = shape->rank() - tensor.shape().rank();
    if (missing.value_or(own) != own) return 0;
    missing = own;
    shapes.push_back(*shape);
  }
  for (std::size_t i = 0; i < inputs.size(); ++i)
    inputs[i].tensor = inputs[i].tensor.Reshape(shapes[i]);
  return missing.value_or(0);
}

void DropDimensions(std::size_t count, std::vector<NamedTensor>& outputs) {
  if (count == 0) return;
  for (NamedTensor& output : outputs) {
    const auto dims = output.tensor.shape().dims();
    if (dims.size() < count) continue;
    const auto kept = dims.first(dims.size() - count);
    const auto dropped = dims.last(count);
    if (std::ranges::any_of(dropped, [](std::int64_t dim) { return dim != 1; })) continue;
    output.tensor = output.tensor.Reshape(Shape(kept));
  }
}

}  // namespace plinth::api::tfserving
