// Tensors on their way through the C ABI of plinth/backend.h. Nothing is copied.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/status.h"
#include "model/signature.h"
#include "plinth/backend.h"
#include "tensor/tensor.h"

namespace plinth {

// Whether it is one of the enumeration's types but PLINTH_DTYPE_ANY.
bool IsElementType(plinth_dtype type);

// Valid as long as the tensor is.
plinth_tensor ViewOf(const NamedTensor& named);

// Gives memory that was handed over back when the last tensor over it is gone.
struct OutputOwner {
  plinth_output output;
  std::shared_ptr<const void> keep_alive;  // outlives the release

  OutputOwner(const plinth_output& o, std::shared_ptr<const void> k)
      : output(o), keep_alive(std::move(k)) {}
  OutputOwner(const OutputOwner&) = delete;
  OutputOwner& operator=(const OutputOwner&) = delete;
  ~OutputOwner() {
    if (output.release != nullptr) output.release(output.release_context);
  }
};

// The owner's tensor. INTERNAL if it is none: whatever comes from a backend is checked.
Result<Tensor> AdoptOutput(const std::shared_ptr<OutputOwner>& owner);

// What a model gave, an output for each that is wanted, named as in the signature. INTERNAL if one
// is no tensor, and all are then given back. Throws std::bad_alloc.
Result<std::vector<NamedTensor>> AdoptOutputs(std::span<const plinth_output> outputs,
                                              const Signature& signature,
                                              std::span<const std::uint32_t> wanted,
                                              const std::shared_ptr<const void>& keep_alive);

}  // namespace plinth
