#include "api/tfserving/model_outputs.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "tensor/elements.h"

namespace plinth::api::tfserving {
namespace {

bool IsFloat(const TensorSpec& spec) { return plinth::IsFloat(spec.dtype); }
bool IsClass(const TensorSpec& spec) { return !IsFloat(spec) && spec.dtype != DType::kAny; }
bool IsNumber(const TensorSpec& spec) {
  return spec.dtype != DType::kBytes && spec.dtype != DType::kAny;
}

template <typename Fits>
std::optional<std::size_t> Named(const std::vector<TensorSpec>& outputs,
                                 std::initializer_list<std::string_view> names, Fits fits) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    std::string_view name = outputs[i].name;
    if (name.starts_with("output_")) name.remove_prefix(7);
    if (fits(outputs[i]) && std::ranges::find(names, name) != names.end()) return i;
  }
  return std::nullopt;
}

template <typename Fits>
std::optional<std::size_t> TheOnly(const std::vector<TensorSpec>& outputs, Fits fits) {
  if (std::ranges::count_if(outputs, fits) != 1) return std::nullopt;
  return static_cast<std::size_t>(std::ranges::find_if(outputs, fits) - outputs.begin());
}

}  // namespace

std::optional<ClassOutputs> ClassOutputsOf(const Signature& signature) {
  const auto& outputs = signature.outputs;
  ClassOutputs found{Named(outputs, {"classes", "class", "labels", "label"}, IsClass),
                     Named(outputs, {"scores", "score", "probabilities", "probability"}, IsFloat)};
  if (!found.classes) found.classes = TheOnly(outputs, IsClass);
  if (!found.scores) found.scores = TheOnly(outputs, IsFloat);
  if (!found.classes && !found.scores) return std::nullopt;
  return found;
}

std::optional<std::size_t> RegressionOutputOf(const Signature& signature) {
  const auto& outputs = signature.outputs;
  if (const auto named =
          Named(outputs, {"outputs", "output", "predictions", "prediction"}, IsNumber)) {
    return named;
  }
  return outputs.size() == 1 ? TheOnly(outputs, IsNumber) : std::nullopt;
}

}  // namespace plinth::api::tfserving
