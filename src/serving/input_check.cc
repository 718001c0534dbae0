#include "serving/input_check.h"

#include <algorithm>
#include <utility>

#include "model/signature_text.h"
#include "serving/input_fit.h"

namespace plinth {
std::unexpected<Error> RefuseInput(const std::string& name, const std::string& why) {
  return Fail(Code::kInvalidArgument, "input '" + name + "' " + why);
}

Status CheckInput(const TensorSpec& spec, const Tensor& tensor) {
  if (spec.dtype != DType::kAny && tensor.dtype() != spec.dtype) {
    return RefuseInput(spec.name, "has type " + std::string(NameOf(tensor.dtype())) +
                                      ", the model expects " + std::string(NameOf(spec.dtype)));
  }
  if (spec.shape && !spec.shape->Admits(tensor.shape())) {
    return RefuseInput(
        spec.name,
        "has shape " + tensor.shape().ToString() + ", the model expects " + spec.shape->ToString() +
            (std::ranges::count(spec.shape->dims(), -1) > 0 ? " where -1 may be any size" : ""));
  }
  return {};
}

Result<std::int64_t> CheckInputs(const Signature& signature, std::vector<NamedTensor>& inputs) {
  if (auto joined = JoinColumns(signature, inputs); !joined) return Fail(std::move(joined.error()));
  std::int64_t rows = -1;
  std::size_t placed = 0;
  for (const TensorSpec& spec : signature.inputs) {
    const auto rest = inputs.begin() + static_cast<std::ptrdiff_t>(placed);
    const auto it =
        std::find_if(rest, inputs.end(), [&](const NamedTensor& i) { return i.name == spec.name; });
    if (it == inputs.end()) {
      if (spec.optional) continue;
      return RefuseInput(spec.name,
                         "is missing; the model's inputs are " + NamesOf(signature.inputs));
    }
    it->tensor = Fitted(spec, std::move(it->tensor));
    if (auto fits = CheckInput(spec, it->tensor); !fits) return Fail(fits.error());
    if (spec.batch_axis >= 0) {
      const std::int64_t size = it->tensor.shape()[static_cast<std::size_t>(spec.batch_axis)];
      if (rows >= 0 && size != rows) {
        return RefuseInput(spec.name, "has " + std::to_string(size) +
                                          " rows, the inputs before it have " +
                                          std::to_string(rows));
      }
      rows = size;
    }
    std::swap(*rest, *it);
    ++placed;
  }
  if (placed < inputs.size()) {
    const std::string& name = inputs[placed].name;
    if (signature.FindInput(name) != nullptr) return RefuseInput(name, "is given twice");
    return RefuseInput(name, "is unknown; the model's inputs are " + NamesOf(signature.inputs));
  }
  return rows < 0 ? 1 : rows;
}

Result<std::vector<std::uint32_t>> CheckOutputs(const Signature& signature,
                                                const std::vector<std::string>& wanted) {
  std::vector<std::uint32_t> indices;
  indices.reserve(wanted.size());
  for (const std::string& name : wanted) {
    const auto index = signature.FindOutput(name);
    if (!index) {
      return Fail(Code::kInvalidArgument, "output '" + name +
                                              "' is unknown; the model's outputs are " +
                                              NamesOf(signature.outputs));
    }
    indices.push_back(static_cast<std::uint32_t>(*index));
  }
  std::ranges::sort(indices);
  if (const auto twice = std::ranges::adjacent_find(indices); twice != indices.end()) {
    return Fail(Code::kInvalidArgument,
                "output '" + signature.outputs[*twice].name + "' is asked for twice");
  }
  return indices;
}

}  // namespace plinth
