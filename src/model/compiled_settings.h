// What decides, beside a model's files, what a compiled form of it is.
#pragma once

#include "base/stable_hash.h"
#include "plinth/backend.h"

namespace plinth {

class Backend;

// The backend and its runtime, the options, the declared tensors, the file's name and the
// processor. The folder that the model lies in is not part of it: a copy elsewhere has the same
// form.
StableHasher CompiledSettings(const Backend& backend, const plinth_load_request& request);

}  // namespace plinth
