// Bodies of POST .../models/<model>:predict, from bytes to tensors, and its answers.
//
//   {"signature_name": "serving_default", "instances": [...]}  ->  {"predictions": [...]}
//   {"signature_name": "serving_default", "inputs": ...}       ->  {"outputs": ...}
//
// `instances` is a list of rows: values for a model with one input, else objects with one value for
// each input. `inputs` holds whole tensors: the value for a model with one input, else an object by
// input name. Other members of the body are ignored, as TF Serving ignores them.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/status.h"
#include "model/signature.h"
#include "tensor/tensor.h"

namespace plinth::api::tfserving {

enum class JsonFormat { kRows, kColumns };

struct PredictJson {
  std::vector<NamedTensor> inputs;
  JsonFormat format = JsonFormat::kRows;
};

// Whether the model has a signature of that name.
using SignatureCheck = std::function<bool(std::string_view)>;

// Decodes in one pass. `body` has HttpRequest::kBodyPadding readable bytes behind it.
// INVALID_ARGUMENT, as TF Serving words it for bodies that are not too large to be looked at twice.
Result<PredictJson> DecodePredictJson(const Buffer& body, const Signature& signature,
                                      const SignatureCheck& has_signature);

// INVALID_ARGUMENT for rows of outputs that do not have one row for each.
Result<std::string> EncodePredictJson(std::span<const NamedTensor> outputs, JsonFormat format);

}  // namespace plinth::api::tfserving
