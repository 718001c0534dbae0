// A request without any JSON, "Inference-Header-Content-Length: 0": the body is the model's only
// input.
#pragma once

#include "api/openinference/batching.h"
#include "api/openinference/infer_request.h"
#include "base/buffer.h"
#include "base/status.h"

namespace plinth::api::openinference {

// All outputs are wanted, in binary form.
InferBody ReadRawRequest(const Buffer& body);

// Gives the input the name, type and shape that the model has: of one row where the model takes
// batches, and as long along its one open dimension as there are bytes. INVALID_ARGUMENT if the
// model has several inputs or dimensions of that kind; a BYTES input must be one element.
Status DeduceRawInput(InferBody& body, const ModelView& model);

}  // namespace plinth::api::openinference
