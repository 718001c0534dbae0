// The answer to POST /predict/:model, from tensors to bytes.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tensor/tensor.h"

namespace plinth::api {

// {"model", "version", "outputs", "latency_ms"}, and "cached": true if so. `outputs` is the value
// itself if there is one output, else an object by output name; values are nested arrays by shape.
// BYTES that are UTF-8 are strings, others {"b64": "..."}; NaN and infinities are null.
std::string EncodePrediction(std::string_view model, std::string_view version,
                             std::span<const NamedTensor> outputs, double latency_ms,
                             bool cached = false);

}  // namespace plinth::api
