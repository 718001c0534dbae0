#include "pipeline/take_output.h"

#include <algorithm>
#include <utility>

namespace plinth::pipeline {

Result<Tensor> TakeOutput(std::vector<NamedTensor>& outputs, const std::string& name) {
  const auto found = std::ranges::find(outputs, name, &NamedTensor::name);
  if (found == outputs.end()) return Fail(Code::kInternal, "it gave no output '" + name + "'");
  return std::move(found->tensor);
}

}  // namespace plinth::pipeline
