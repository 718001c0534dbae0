// Whether a request fits the model: the same rules for every protocol.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/signature.h"
#include "tensor/tensor.h"

namespace plinth {

// Fits `inputs` where the signature says so (input_fit.h), puts them into its order and returns how
// many rows the request carries (the common size of the batch axes; 1 if there is none).
// INVALID_ARGUMENT for an unknown, doubled or missing input, a wrong type or shape, or batch sizes
// that differ.
Result<std::int64_t> CheckInputs(const Signature& signature, std::vector<NamedTensor>& inputs);

// Whether a tensor has an input's type and shape. INVALID_ARGUMENT.
Status CheckInput(const TensorSpec& spec, const Tensor& tensor);

// INVALID_ARGUMENT: "input 'x' <why>".
std::unexpected<Error> RefuseInput(const std::string& name, const std::string& why);

// The indices of the wanted outputs, rising; empty for all. INVALID_ARGUMENT for an unknown or
// doubled name.
Result<std::vector<std::uint32_t>> CheckOutputs(const Signature& signature,
                                                const std::vector<std::string>& wanted);

}  // namespace plinth
