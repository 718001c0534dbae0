#include "pipeline/take_output.h"

#include <algorithm>
#include <utility>

#include "pipeline/flow_check.h"

namespace plinth::pipeline {

Result<Tensor> TakeOutput(std::vector<NamedTensor>& outputs, const std::string& name) {
  const auto found = std::ranges::find(outputs, name, &NamedTensor::name);
  if (found == outputs.end()) return Fail(Code::kInternal, "it gave no output '" + name + "'");
  return std::move(found->tensor);
}

Status ExpectAsPlanned(const TensorSpec& spec, const Tensor& tensor) {
  const bool same_type = spec.dtype == DType::kAny || spec.dtype == tensor.dtype();
  const bool fits = !spec.shape || spec.shape->Admits(tensor.shape());
  if (same_type && fits) return {};
  const TensorSpec now{.name = spec.name, .dtype = tensor.dtype(), .shape = tensor.shape()};
  return Fail(Code::kUnavailable, "its output '" + spec.name + "' is now " + Shown(now) +
                                      " and was " + Shown(spec) +
                                      " when the pipeline was loaded; load the pipeline again");
}

}  // namespace plinth::pipeline
