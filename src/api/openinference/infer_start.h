// From what was read of an inference request to what the service runs: the same for REST and gRPC.
#pragma once

#include <memory>
#include <vector>

#include "api/openinference/infer_request.h"
#include "base/shared_mapping.h"
#include "base/status.h"
#include "serving/infer.h"
#include "serving/service.h"

namespace plinth::api::openinference {

// Clients' memory that inputs are used in, to be looked at again once the model has run.
using SharedInputs = std::vector<std::shared_ptr<const SharedMapping>>;

// The request for this version, with the tensors of body.inputs, which are none afterwards.
// INVALID_ARGUMENT.
Result<InferRequest> StartInference(InferBody& body, const Routed& routed, SharedInputs& shared);

// Whether all that was read of the inputs was there. INVALID_ARGUMENT.
Status CheckShared(const SharedInputs& shared);

}  // namespace plinth::api::openinference
