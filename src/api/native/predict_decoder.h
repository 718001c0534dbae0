// The body of POST /predict/:model, from bytes to tensors.
//
//   {"inputs": ..., "version": "v1", "outputs": ["label"], "priority": "high", "timeout_ms": 50}
//
// `inputs` is one value (a number, a string, nested arrays) for a model with one required input; an
// object by input name; or a list of rows, each an object by input name, which are stacked along
// the first dimension. docs/api.md, "Inputs", has the rules in full.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "api/native/predict_options.h"
#include "base/buffer.h"
#include "base/status.h"
#include "model/signature.h"
#include "tensor/tensor.h"

namespace plinth::api {

struct PredictBody {
  std::vector<NamedTensor> inputs;
  PredictOptions options;
};

// The signature of a version, "" for the default one. It stays valid while the body is decoded.
using SignatureLookup = std::function<Result<const Signature*>(std::string_view version)>;

// Decodes in one pass, by the signature of the version that the body names. Only where "version"
// comes behind "inputs" and its inputs differ from the default version's are the inputs read again.
// `body` has HttpRequest::kBodyPadding readable bytes behind it. INVALID_ARGUMENT, or whatever
// `lookup` says.
Result<PredictBody> DecodePredict(const Buffer& body, const SignatureLookup& lookup);

}  // namespace plinth::api
