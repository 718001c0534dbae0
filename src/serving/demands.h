// Whether a loaded version does what its configuration asks of it.
#pragma once

#include "base/status.h"
#include "model/load_demands.h"
#include "model/model_version.h"
#include "model/signature.h"

namespace plinth {

// INVALID_MODEL names the tensor, what was declared and what the model has. A model may give more
// outputs than were declared, but not take more inputs, unless they are optional.
Status CheckSignature(const LoadDemands& demands, const Signature& signature);

// The inputs of a request to warm up with. INVALID_MODEL if a file is not as large as its tensor.
Result<std::vector<NamedTensor>> MakeWarmupInputs(const WarmupRequest& request);

// Checks the signature and executes the warm-up, on the calling thread. After Load(), before
// Open(). `caller` is for the model's calls of others.
Status MeetDemands(const LoadDemands& demands, ModelVersion& version, const ModelCaller& caller);

}  // namespace plinth
