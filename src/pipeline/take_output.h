// What a stage has answered, one output at a time.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "model/signature.h"
#include "tensor/tensor.h"

namespace plinth::pipeline {

// The tensor of that name, taken out of the answer. INTERNAL if it is not there.
Result<Tensor> TakeOutput(std::vector<NamedTensor>& outputs, const std::string& name);

// UNAVAILABLE if the tensor is not of the type and the shape that the pipeline was made for: the
// model that gave it was replaced by another.
Status ExpectAsPlanned(const TensorSpec& spec, const Tensor& tensor);

}  // namespace plinth::pipeline
