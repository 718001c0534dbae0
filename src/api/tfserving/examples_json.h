// Bodies of POST .../models/<model>:classify and :regress, from bytes to tensors.
//
//   {"signature_name": "...", "context": {<feature>: ...}, "examples": [{<feature>: ...}, ...]}
//
// A feature is a value or a list of values: numbers, truth values (as 0 and 1), strings and
// {"b64": "..."}.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/status.h"
#include "model/signature.h"
#include "tensor/tensor.h"

namespace plinth::api::tfserving {

struct ExamplesJson {
  std::vector<NamedTensor> inputs;
  std::int64_t count = 0;  // of the examples
  std::string signature_name;
};

// `body` has HttpRequest::kBodyPadding readable bytes behind it. INVALID_ARGUMENT, as TF Serving
// words it for bodies that are not too large to be looked at twice.
Result<ExamplesJson> DecodeExamplesJson(const Buffer& body, const Signature& signature);

}  // namespace plinth::api::tfserving
