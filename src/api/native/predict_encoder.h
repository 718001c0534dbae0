// The answer to POST /predict/:model, from tensors to bytes.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/request_trace.h"
#include "tensor/tensor.h"

namespace plinth::api {

struct PredictTrace {
  std::vector<StepTiming> steps;
  std::chrono::nanoseconds arrival;  // by the steady clock
};

// {"model", "version", "outputs", "latency_ms"}, "cached": true if so, and "trace" if one was asked
// for: its steps, whose "start_ms" is since the request's `arrival`. `outputs` is the value
// itself if there is one output, else an object by output name; values are nested arrays by shape.
// BYTES that are UTF-8 are strings, others {"b64": "..."}; NaN and infinities are null.
std::string EncodePrediction(std::string_view model, std::string_view version,
                             std::span<const NamedTensor> outputs, double latency_ms,
                             bool cached = false, const PredictTrace* trace = nullptr);

}  // namespace plinth::api
