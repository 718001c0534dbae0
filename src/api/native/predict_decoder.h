// The body of POST /predict/:model, from bytes to tensors.
//
//   {"inputs": ..., "version": "v1", "outputs": ["label"], "priority": "high", "timeout_ms": 50,
//    "trace": true, "parameters": {"temperature": 0.5}}
//
// and the field that the model's traffic is sticky by, if there is one.
//
// `inputs` is one value (a number, a string, nested arrays) for a model with one required input; an
// object by input name; or a list of rows, each an object by input name, which are stacked along
// the first dimension. docs/api.md, "Inputs", has the rules in full.
#pragma once

#include <string>
#include <vector>

#include "api/infer/version_choice.h"
#include "api/native/predict_options.h"
#include "base/buffer.h"
#include "base/status.h"
#include "tensor/tensor.h"

namespace plinth::api {

struct PredictBody {
  std::vector<NamedTensor> inputs;
  PredictOptions options;
  std::string parameters{};  // for the model: a JSON object; empty: none
};

// Decodes in one pass. Only where it turns out behind "inputs" which version the body is for, and
// the inputs of that one differ from those of the presumed one, the inputs are read again. `body`
// has HttpRequest::kBodyPadding readable bytes behind it. INVALID_ARGUMENT, or whatever `choice`
// says.
Result<PredictBody> DecodePredict(const Buffer& body, VersionChoice& choice);

}  // namespace plinth::api
