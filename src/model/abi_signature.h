// Signatures on their way through the C ABI of plinth/backend.h.
#pragma once

#include <vector>

#include "base/status.h"
#include "model/signature.h"
#include "plinth/backend.h"

namespace plinth {

// What a backend says of a model, checked before it is believed: it may come from anyone.
// INVALID_MODEL, INTERNAL.
Result<Signature> ReadSignature(const plinth_signature* described);

// The user's declared tensors as the ABI wants them. Valid while `specs` is unchanged.
std::vector<plinth_tensor_spec> Declare(const std::vector<TensorSpec>& specs);

}  // namespace plinth
