// From what a request gives to what the model takes: checked in Triton's order and refused in its
// words, for REST and gRPC alike.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/openinference/batching.h"
#include "api/openinference/infer_request.h"
#include "base/status.h"
#include "tensor/tensor.h"

namespace plinth::api::openinference {

// "[request id: 42] ": begins messages about a request that has been read.
std::string RequestPrefix(std::string_view id);

// Refuses a shape whose elements cannot be counted. INVALID_ARGUMENT.
Status CheckElementCount(std::string_view input, const Shape& shape);

// Refuses the types that have no form in JSON, FP16 and BF16. INVALID_ARGUMENT.
Status CheckJsonType(std::string_view input, DType type);

// The tensors of body.inputs, if they and the wanted outputs are what the model has.
// INVALID_ARGUMENT, with the request's id before it.
//
// Bytes in memory that a client shares are used where they are only if `may_share`, and only of
// floating-point types: the client may change them at any time, and a runtime that checks an index
// and then uses it must find the same one both times.
Result<std::vector<NamedTensor>> MakeInputs(InferBody& body, const ModelView& model,
                                            bool may_share);

}  // namespace plinth::api::openinference
