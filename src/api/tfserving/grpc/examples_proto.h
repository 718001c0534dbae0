// tensorflow.serving.Input, from bytes to tensors.
#pragma once

#include <cstdint>
#include <vector>

#include <protozero/data_view.hpp>

#include "base/status.h"
#include "model/signature.h"
#include "tensor/tensor.h"

namespace plinth::api::tfserving {

struct ExamplesInput {
  std::vector<NamedTensor> inputs;
  std::int64_t count = 0;  // of the examples
};

// As ExampleBatch makes them of the examples of an Input, with a context or without.
// INVALID_ARGUMENT. Throws protozero::exception for what is no protobuf.
Result<ExamplesInput> DecodeExamplesInput(protozero::data_view input, const Signature& signature);

}  // namespace plinth::api::tfserving
