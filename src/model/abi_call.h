// plinth_host.call: a backend's call of another model.
#pragma once

#include "plinth/backend.h"

namespace plinth {

// The call's `caller` is a ModelCaller, or nullptr.
void CallModel(const plinth_call* call);

}  // namespace plinth
