// The body of POST /predict/:model, from bytes to tensors.
//
//   {"inputs": ..., "version": "v1", "outputs": ["label"], "priority": "high", "timeout_ms": 50}
//
// and the field that the model's traffic is sticky by, if there is one.
//
// `inputs` is one value (a number, a string, nested arrays) for a model with one required input; an
// object by input name; or a list of rows, each an object by input name, which are stacked along
// the first dimension. docs/api.md, "Inputs", has the rules in full.
#pragma once

#include <optional>
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

// Which version a body is for, as it turns out while the body is read. Signatures stay valid while
// it is.
class VersionChoice {
 public:
  virtual ~VersionChoice() = default;

  // A version that the body may be for: its inputs are read by that one's signature as long as the
  // body has named none.
  virtual Result<const Signature*> Presumed() = 0;

  // The version that the body names; or the one that answers a body which names none and whose
  // sticky field, if it has it, is `key`. One of the two is called last, at most once for each
  // version.
  virtual Result<const Signature*> Named(std::string_view version) = 0;
  virtual Result<const Signature*> Routed(std::optional<std::string_view> key) = 0;

  // The member of the body that ties its sender to a version; empty if there is none.
  virtual std::string_view sticky_field() = 0;
};

// Decodes in one pass. Only where it turns out behind "inputs" which version the body is for, and
// the inputs of that one differ from those of the presumed one, the inputs are read again. `body`
// has HttpRequest::kBodyPadding readable bytes behind it. INVALID_ARGUMENT, or whatever `choice`
// says.
Result<PredictBody> DecodePredict(const Buffer& body, VersionChoice& choice);

}  // namespace plinth::api
