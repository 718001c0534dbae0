// What forward() returns as a flat list of named tensors.
//
// A tensor is "output". The parts of a tuple or list are "output_0", "output_1", …; the values of a
// dict have their keys as names, the fields of a NamedTuple theirs. Parts within parts follow after
// a dot: "output_1.key". Numbers, strings and None among them are left out.
#pragma once

#include <torch/script.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/failure.h"
#include "common/outputs.h"

namespace plinth::pytorch {

struct NamedValue {
  std::string name;
  at::Tensor tensor;
};

// How deep tuples, lists and dicts may lie in each other.
inline constexpr int kMaxDepth = 16;

// The name of the part `key` of what lies at `path`; "" is the whole answer. `key` is a number if
// it is a position.
std::string PartName(std::string_view path, std::string_view key, bool position);

// The name of a tensor at `path`.
std::string TensorName(std::string_view path);

// INTERNAL if the answer lies too deep in itself.
kit::Result<std::vector<NamedValue>> Flatten(const c10::IValue& answer);

// Adds the tensor, without a copy if it is dense and its memory its own. `copy`: always by copy.
kit::Status AddOutput(const char* name, at::Tensor tensor, bool copy, kit::OutputWriter& outputs);

}  // namespace plinth::pytorch
