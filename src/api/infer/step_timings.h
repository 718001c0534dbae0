// What the steps of a request took, as JSON.
#pragma once

#include <chrono>
#include <span>

#include "base/json_writer.h"
#include "model/request_trace.h"

namespace plinth::api {

// A list of {"step", "model", "version", "start_ms", "ms", "cached", "error"}, of which what says
// nothing is left out. "start_ms" is since `arrival`, by the steady clock.
void WriteSteps(JsonWriter& json, std::span<const StepTiming> steps,
                std::chrono::nanoseconds arrival);

}  // namespace plinth::api
