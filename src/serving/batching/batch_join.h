// Joining requests into one call of the model, and giving each its own rows of what comes out.
//
// Every tensor of a signature may name a batch axis. Requests are joined along the inputs' axes and
// the outputs are cut along theirs, in the same order, so that each request gets what it would have
// got alone. All inputs here are ordered as CheckInputs() leaves them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "model/signature.h"
#include "tensor/tensor.h"

namespace plinth {

// Whether calls to this model can be joined at all: it has inputs and outputs, all of them with a
// batch axis, and keeps no state.
bool CanBatch(const Signature& signature);

// Whether two requests' inputs fit into one call: the same inputs, of the same types, and of the
// same sizes but along the batch axes.
bool FitTogether(const Signature& signature, std::span<const NamedTensor> a,
                 std::span<const NamedTensor> b);

// The inputs of one call for all the requests. One request is passed on without a copy.
// INVALID_ARGUMENT if they do not fit together, one of the inputs has no batch axis, or an input
// would exceed `max_bytes`. Throws std::bad_alloc.
Result<std::vector<NamedTensor>> JoinInputs(const Signature& signature,
                                            std::span<const std::span<const NamedTensor>> requests,
                                            std::size_t max_bytes = SIZE_MAX / 2);

// Each request's part of the outputs, `rows[i]` rows for request i. Slices that share the memory
// where the batch axis is the first. INTERNAL if an output has no batch axis or not as many rows
// along it as the requests have. Throws std::bad_alloc.
Result<std::vector<std::vector<NamedTensor>>> SplitOutputs(const Signature& signature,
                                                           const std::vector<NamedTensor>& outputs,
                                                           std::span<const std::int64_t> rows);

}  // namespace plinth
