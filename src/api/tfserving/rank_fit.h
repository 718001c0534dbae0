// Tensors with fewer dimensions than the signature says.
//
// TF Serving gives a graph whatever shape a request has, so that a model whose input is [-1,1]
// works on [1.0, 2.0] as well as on [[1.0], [2.0]], and answers in the same form. Clients rely on
// it, so dimensions of size 1 that are missing at the end are added to the inputs and taken off the
// outputs again. A scalar becomes a batch of one.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "model/signature.h"
#include "tensor/tensor.h"

namespace plinth::api::tfserving {

// For codecs that read by shape: the signature without the shapes of those inputs that may lack
// dimensions. Nothing if there are none.
std::optional<Signature> WithoutShapes(const Signature& signature);

// Adds what is missing, and returns how many dimensions that were: the same number for all inputs.
// 0 where nothing is missing or more than that is wrong; then the inputs stay as they are.
std::size_t AddMissingDimensions(const Signature& signature, std::vector<NamedTensor>& inputs);

// Takes so many dimensions of size 1 off the end of each output that has them.
void DropDimensions(std::size_t count, std::vector<NamedTensor>& outputs);

}  // namespace plinth::api::tfserving
