#include "serving/batching/batch_join.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "tensor/concat.h"

namespace plinth {
namespace {

bool HasBatchAxis(const TensorSpec& spec) { return spec.batch_axis >= 0; }

bool SameButAlong(int axis, const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.shape().rank() != b.shape().rank()) return false;
  for (std::size_t i = 0; i < a.shape().rank(); ++i) {
    if (static_cast<int>(i) != axis && a.shape()[i] != b.shape()[i]) return false;
  }
  return true;
}

// The batch axis of an output, having checked that there are `total` rows along it.
Result<std::size_t> AxisOf(const Signature& signature, const NamedTensor& output,
                           std::int64_t total) {
  const auto index = signature.FindOutput(output.name);
  if (!index || !HasBatchAxis(signature.outputs[*index])) {
    return Fail(Code::kInternal,
                "output '" + output.name +
                    "' has no batch axis, so that it cannot be split between requests");
  }
  const auto axis = static_cast<std::size_t>(signature.outputs[*index].batch_axis);
  const Shape& shape = output.tensor.shape();
  if (axis >= shape.rank() || shape[axis] != total) {
    return Fail(Code::kInternal, "the model gave output '" + output.name + "' of shape " +
                                     shape.ToString() + " for " + std::to_string(total) +
                                     " joined rows; that many are expected along axis " +
                                     std::to_string(axis) +
                                     ". Set \"batch_size\": 1 to run requests one by one");
  }
  return axis;
}

}  // namespace

bool CanBatch(const Signature& signature) {
  return !signature.stateful && !signature.inputs.empty() && !signature.outputs.empty() &&
         std::ranges::all_of(signature.inputs, HasBatchAxis) &&
         std::ranges::all_of(signature.outputs, HasBatchAxis);
}

bool FitTogether(const Signature& signature, std::span<const NamedTensor> a,
                 std::span<const NamedTensor> b) {
  return std::ranges::equal(a, b, [&signature](const NamedTensor& x, const NamedTensor& y) {
    if (x.name != y.name) return false;
    const TensorSpec* spec = signature.FindInput(x.name);
    return spec != nullptr && SameButAlong(spec->batch_axis, x.tensor, y.tensor);
  });
}

Result<std::vector<NamedTensor>> JoinInputs(const Signature& signature,
                                            std::span<const std::span<const NamedTensor>> requests,
                                            std::size_t max_bytes) {
  if (requests.empty()) return Fail(Code::kInvalidArgument, "there is no request to run");
  const auto first = requests.front();
  if (requests.size() == 1) return std::vector<NamedTensor>(first.begin(), first.end());
  for (const auto request : requests) {
    if (!FitTogether(signature, first, request)) {
      return Fail(Code::kInvalidArgument,
                  "requests whose inputs differ in names, types or sizes cannot be joined");
    }
  }
  std::vector<NamedTensor> joined;
  joined.reserve(first.size());
  std::vector<const Tensor*> parts(requests.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    const int axis = signature.FindInput(first[i].name)->batch_axis;
    if (axis < 0)
      return Fail(Code::kInvalidArgument,
                  "input '" + first[i].name + "' has no batch axis to be joined along");
    std::ranges::transform(requests, parts.begin(),
                           [i](const auto& request) { return &request[i].tensor; });
    auto tensor = Concatenate(parts, static_cast<std::size_t>(axis), max_bytes);
    if (!tensor) return Fail(tensor.error().Annotate("input '" + first[i].name + "'"));
    joined.push_back({first[i].name, *std::move(tensor)});
  }
  return joined;
}

Result<std::vector<std::vector<NamedTensor>>> SplitOutputs(const Signature& signature,
                                                           const std::vector<NamedTensor>& outputs,
                                                           std::span<const std::int64_t> rows) {
  const std::int64_t total = std::accumulate(rows.begin(), rows.end(), std::int64_t{0});
  std::vector<std::vector<NamedTensor>> parts(rows.size());
  for (auto& part : parts) part.reserve(outputs.size());
  for (const NamedTensor& output : outputs) {
    const auto axis = AxisOf(signature, output, total);
    if (!axis) return Fail(axis.error());
    std::int64_t begin = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      parts[i].push_back({output.name, SliceAxis(output.tensor, *axis, begin, rows[i])});
      begin += rows[i];
    }
  }
  return parts;
}

}  // namespace plinth
