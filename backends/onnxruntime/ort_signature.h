// What an ONNX model takes and gives, and how its non-tensor outputs become tensors.
#pragma once

#include <onnxruntime_c_api.h>

#include <memory>
#include <vector>

#include "common/failure.h"
#include "common/signature.h"

namespace plinth::onnx {

// How an output of the graph becomes one tensor.
enum class OutputKind {
  kTensor,
  kTensorSequence,  // tensors of one shape, stacked: [n, ...]
  kMap,             // key -> number: the numbers by rising key, [keys]
  kMapSequence,     // of maps with the same keys, as a classifier's ZipMap gives: [n, keys]
};

struct OutputShape {
  OutputKind kind = OutputKind::kTensor;
  plinth_dtype dtype = PLINTH_DTYPE_ANY;
};

struct OrtSignature {
  std::unique_ptr<kit::Signature> signature;
  std::vector<OutputShape> outputs;  // one for each of the signature's outputs
};

// INVALID_MODEL for inputs that are no tensors, and for element types that Plinth has not (complex,
// 4 and 8 bit floats).
kit::Result<OrtSignature> ReadSignature(OrtSession* session);

// ONNX Runtime's number of a type; UNDEFINED for PLINTH_DTYPE_ANY.
ONNXTensorElementDataType OrtTypeOf(plinth_dtype dtype);

// PLINTH_DTYPE_ANY for types that Plinth has not.
plinth_dtype TypeOf(ONNXTensorElementDataType type);

}  // namespace plinth::onnx
