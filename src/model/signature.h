// What a model takes and gives.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/dtype.h"
#include "tensor/shape.h"

namespace plinth {

// How a missing string travels: no client sends it for anything else.
inline constexpr std::string_view kMissingText("\0", 1);

struct TensorSpec {
  std::string name;
  DType dtype = DType::kAny;
  std::optional<Shape>
      shape;  // -1 for an open dimension; nothing where the model does not tell even the rank
  int batch_axis = -1;    // -1: calls cannot be joined along this tensor
  bool optional = false;  // inputs only
  bool nullable = false;  // inputs only: elements may be missing; a missing string is kMissingText
  // Inputs only: what a client gives is fitted to dtype and shape, see serving/input_fit.h.
  bool fitted = false;

  bool operator==(const TensorSpec&) const = default;
};

struct Signature {
  std::vector<TensorSpec> inputs;
  std::vector<TensorSpec> outputs;
  bool concurrent = false;       // the backend takes several calls on one model at once
  bool stateful = false;         // the same inputs need not give the same outputs
  bool waits = false;            // a call may wait for something else than the processor
  bool decoupled = false;        // a call may have any number of answers; implies the two above
  bool uses_parameters = false;  // execution looks at the request's RequestContext
  // Where the columns of the only input have names: a client may give each of them, [-1], in that
  // input's stead. Names that are inputs' are not among them.
  std::vector<TensorSpec> columns;

  // The input of that name, or nullptr.
  const TensorSpec* FindInput(std::string_view name) const;
  // The input that a value without a name is for: the only required one, or the only one. nullptr
  // if there are several.
  const TensorSpec* FindSoleInput() const;
  // What a request gives whose first tensor has that name: the inputs, or the columns where there
  // are some and no input is called so.
  std::span<const TensorSpec> FormOf(std::string_view name) const;
  // The index of the output of that name.
  std::optional<std::size_t> FindOutput(std::string_view name) const;

  bool operator==(const Signature&) const = default;
};

// The spec of that name, or nullptr.
const TensorSpec* FindSpec(std::span<const TensorSpec> specs, std::string_view name);

}  // namespace plinth
