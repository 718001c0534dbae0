// The arguments of forward(), and the values for them out of a request's tensors.
#pragma once

#include <torch/script.h>

#include <optional>
#include <string>
#include <vector>

#include "common/failure.h"
#include "common/signature.h"
#include "plinth/backend.h"

namespace plinth::pytorch {

// What may be sent for an argument.
enum class ArgumentKind { kTensor, kInt, kFloat, kBool, kString, kIntList, kFloatList };

struct Argument {
  std::string name;  // as forward() calls it
  ArgumentKind kind = ArgumentKind::kTensor;
  std::optional<c10::IValue>
      fallback;  // what is passed when a request leaves it out; none: it must be there
};

// forward()'s arguments without self. INVALID_MODEL for one of a type for which nothing can be sent
// (a list of tensors, say).
kit::Result<std::vector<Argument>> ReadArguments(const c10::FunctionSchema& schema);

// What the type alone says: numbers have a type and rank, tensors have neither.
kit::Spec SpecOf(const Argument& argument);

// The argument's value. Tensors lie over the host's memory, which must outlive them.
// INVALID_ARGUMENT if the tensor is none for this kind.
kit::Result<c10::IValue> ValueOf(const Argument& argument, const plinth_tensor& tensor);

// Nothing for types that Plinth has not (complex, quantized).
std::optional<plinth_dtype> TypeOf(c10::ScalarType type);

// Nothing for PLINTH_BYTES and PLINTH_DTYPE_ANY.
std::optional<c10::ScalarType> TorchTypeOf(plinth_dtype dtype);

}  // namespace plinth::pytorch
