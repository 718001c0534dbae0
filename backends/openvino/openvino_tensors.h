// Types and tensors between the ABI and OpenVINO.
#pragma once

#include <openvino/core/type/element_type.hpp>
#include <openvino/runtime/tensor.hpp>
#include <optional>

#include "common/failure.h"
#include "common/outputs.h"
#include "plinth/backend.h"

namespace plinth::openvino {

// Nothing for types that are not served: 4-bit integers, 8-bit floats, and strings, which
// OpenVINO's CPU plugin frees twice.
std::optional<plinth_dtype> TypeOf(ov::element::Type type);

// Undefined for PLINTH_DTYPE_ANY.
ov::element::Type OvTypeOf(plinth_dtype dtype);

// A tensor over the host's memory, which must outlive its use. INVALID_ARGUMENT for integers that
// need more than 32 bits: OpenVINO computes all integers in 32 bits and would cut them off.
kit::Result<ov::Tensor> WrapInput(const plinth_tensor& tensor);

// Adds a copy: the tensor's memory belongs to an infer request that the next call uses again.
kit::Status AddOutput(const char* name, const ov::Tensor& tensor, kit::OutputWriter& outputs);

}  // namespace plinth::openvino
