// ModelInferRequest, from its bytes.
#pragma once

#include <string_view>

#include "api/openinference/infer_request.h"
#include "api/openinference/shared_memory.h"
#include "base/buffer.h"
#include "base/status.h"

namespace plinth::api::openinference {

// Whom a request is for. The views are into the message.
struct InferHead {
  std::string_view model;
  std::string_view version;  // empty: none is named
  std::string_view id;
};
// INVALID_ARGUMENT.
Result<InferHead> ReadInferHead(std::string_view message);

// All of it. Inputs are slices of the message wherever they can be. INVALID_ARGUMENT; NOT_FOUND
// for a region of shared memory.
Result<InferBody> ReadInferBody(const Buffer& message, std::string_view model,
                                std::string_view sticky_field, const SharedMemory& memory);

}  // namespace plinth::api::openinference
