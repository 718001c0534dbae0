// What a stage has answered, one output at a time.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "tensor/tensor.h"

namespace plinth::pipeline {

// The tensor of that name, taken out of the answer. INTERNAL if it is not there.
Result<Tensor> TakeOutput(std::vector<NamedTensor>& outputs, const std::string& name);

}  // namespace plinth::pipeline
