// What running a model once tells of its outputs.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "common/failure.h"
#include "common/signature.h"
#include "pytorch/torch_outputs.h"

namespace plinth::pytorch {

// Runs forward() on values for the required tensors, one for each input.
using Forward =
    std::function<kit::Result<std::vector<NamedValue>>(const std::vector<at::Tensor>& inputs)>;

struct ProbeResult {
  std::vector<kit::Spec> outputs;  // names as in torch_outputs.h
  bool batches =
      false;  // rows are computed independently: joining calls along dimension 0 changes no answer
};

// Tries inputs of the given types and shapes, with a few sizes for the open dimensions, until the
// model takes one. Nothing if an input's type or rank is unknown or the model takes none of them.
std::optional<ProbeResult> Probe(const std::vector<kit::Spec>& inputs, const Forward& forward);

}  // namespace plinth::pytorch
