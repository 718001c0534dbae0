// Errors on their way through the C ABI of plinth/backend.h.
#pragma once

#include "base/status.h"
#include "plinth/backend.h"

namespace plinth {

Code CodeOfStatus(plinth_status status);

// The nearest that the ABI has.
plinth_status StatusOfCode(Code code);

}  // namespace plinth
