// What decides, beside a model's files, what a compiled form of it is.
#pragma once

#include "base/stable_hash.h"
#include "plinth/backend.h"

namespace plinth {

class Backend;

// The backend and its runtime, the options, the declared tensors and the processor. Not where the
// model lies: a copy elsewhere has the same form.
StableHasher CompiledSettings(const Backend& backend, const plinth_load_request& request);

}  // namespace plinth
