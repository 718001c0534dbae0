// Raw tensors: the elements of one tensor as plain bytes, row-major and little-endian, without a
// head. What they are is said beside them, in headers, or follows from the model's signature.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/status.h"
#include "model/signature.h"
#include "net/http.h"
#include "serving/infer.h"
#include "tensor/tensor.h"

namespace plinth::api {

// What a sender says of raw bytes; what is missing is taken from the signature.
struct RawDescription {
  std::optional<Shape> shape;
  std::optional<DType> dtype;
};

// The texts of "Plinth-Shape: 1,3,224,224" and "Plinth-Datatype: FP32"; "" for none.
// INVALID_ARGUMENT.
Result<RawDescription> ParseRawDescription(std::string_view shape, std::string_view dtype);

// The tensor of that input over `body`, which it shares; the bytes are copied only if they are not
// aligned to the element's size. Where no shape is given at most one dimension of the signature's
// may be open; the size of the body tells it. INVALID_ARGUMENT with sizes: the bytes do not fit,
// the type has no fixed size, the description contradicts the signature or is needed and missing.
Result<Tensor> DecodeRawTensor(const TensorSpec& spec, const Buffer& body,
                               const RawDescription& description);

// The same for the one input that the model requires. INVALID_ARGUMENT if there are several.
Result<NamedTensor> DecodeRawInput(const Signature& signature, const Buffer& body,
                                   const RawDescription& description);

// Whether an answer of the outputs `wanted`, all if empty, can be raw, as far as the signature
// tells. INVALID_ARGUMENT if they are several, NOT_ACCEPTABLE for one that has no fixed size.
Status CheckRawAnswer(const Signature& signature, const std::vector<std::string>& wanted);

// The answer: the bytes of its one output, with Plinth-Shape, Plinth-Datatype, Plinth-Model,
// Plinth-Version and, if it was not executed, Plinth-Cached. Errors as of CheckRawAnswer().
Result<net::HttpResponse> EncodeRaw(const InferResponse& response);

}  // namespace plinth::api
