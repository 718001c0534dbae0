// What a TorchScript program tells about itself without being run.
#pragma once

#include <torch/script.h>

#include <optional>
#include <string>
#include <vector>

#include "common/failure.h"
#include "common/signature.h"
#include "pytorch/torch_arguments.h"

namespace plinth::pytorch {

// Facts about a module's forward().
struct GraphFacts {
  bool writes_memory = false;  // it changes tensors in place, its arguments perhaps
  bool stateful = false;       // it changes its own attributes, or draws random numbers
  bool keeps_state = false;    // it changes its own attributes: calls must not overlap
  std::optional<std::vector<std::string>>
      outputs;  // the names of its tensors as in torch_outputs.h; none: only running it tells
};

// INVALID_MODEL for programs that reach outside themselves: operations on files, calls into Python.
kit::Result<GraphFacts> ReadGraph(const torch::jit::Module& module);

// Adds to the specs of `arguments` what the first operations on them tell: a convolution's weights
// give its input's type, rank and channels, an embedding takes INT64, and so on.
void InferInputs(const torch::jit::Module& module, const std::vector<Argument>& arguments,
                 std::vector<kit::Spec>& specs);

}  // namespace plinth::pytorch
