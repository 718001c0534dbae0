// Tensors between the ABI and ONNX Runtime.
#pragma once

#include "common/outputs.h"
#include "onnxruntime/ort_runtime.h"
#include "onnxruntime/ort_signature.h"
#include "plinth/backend.h"

namespace plinth::onnx {

// A value over the host's memory, which must outlive it; strings are copied.
kit::Result<ValueHandle> WrapInput(const plinth_tensor& tensor);

// Adds `value` as the output `name`. A tensor's memory is passed on and lives until the host
// releases it; sequences and maps become new tensors. `request` is looked at for memory that the
// model hands through: such an output is copied.
kit::Status AddOutput(const char* name, const OutputShape& shape, ValueHandle value,
                      const plinth_execute_request& request, kit::OutputWriter& outputs);

}  // namespace plinth::onnx
