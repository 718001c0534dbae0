// What the host offers, for the whole process.
#pragma once

#include <string>

#include "plinth/backend.h"

namespace plinth::python {

// When the backend is opened, before anything else.
void SetHost(const plinth_host* host);

// Nothing without a host.
void Log(plinth_log_level level, const std::string& message);

// plinth_host.call; a host that has none refuses it.
void CallModel(const plinth_call& call);

// On whose behalf the execution calls, or nullptr.
const void* CallerOf(const plinth_execute_request& request);

}  // namespace plinth::python
