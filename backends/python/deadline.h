// When a call is to be over.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "plinth/backend.h"
#include "python/channel.h"

namespace plinth::python {

inline std::optional<Clock::time_point> DeadlineOf(const plinth_execute_request& request) {
  const bool told = request.struct_size > offsetof(plinth_execute_request, deadline_ns);
  if (!told || request.deadline_ns == 0) return std::nullopt;
  return Clock::time_point(std::chrono::nanoseconds(request.deadline_ns));
}

}  // namespace plinth::python
