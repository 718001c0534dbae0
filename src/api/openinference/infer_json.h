// The body of POST /v2/models/:model/infer.
//
//   {"id": "42", "parameters": {...}, "inputs": [{"name", "shape", "datatype", "parameters",
//   "data"}],
//    "outputs": [{"name", "parameters"}]}
//
// and behind it, in the order of the inputs, the bytes of those that say "binary_data_size".
#pragma once

#include <string_view>

#include "api/openinference/infer_request.h"
#include "api/openinference/shared_memory.h"
#include "base/buffer.h"
#include "base/status.h"

namespace plinth::api::openinference {

// Reads the body in one pass; what stands behind the JSON, `tail`, is not copied. `model` is the
// name to be told, `sticky_field` the parameter that the model's traffic is sticky by. `json` has
// HttpRequest::kBodyPadding readable bytes behind it. Keys that it does not know are passed over.
// INVALID_ARGUMENT; INTERNAL where Triton has it: a shape that is none, data that do not fit it.
Result<InferBody> ReadInferJson(std::string_view json, const Buffer& tail, std::string_view model,
                                std::string_view sticky_field, const SharedMemory& memory);

}  // namespace plinth::api::openinference
