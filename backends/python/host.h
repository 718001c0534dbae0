// What the host offers, for the whole process.
#pragma once

#include <string>

#include "plinth/backend.h"

namespace plinth::python {

// When the backend is opened, before anything else.
void SetHost(const plinth_host* host);

// Nothing without a host.
void Log(plinth_log_level level, const std::string& message);

// What SetHost() was given; nullptr before.
const plinth_host* Host();

}  // namespace plinth::python
