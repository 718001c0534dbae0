// Built-in steps: what is done between models often enough to need no code.
//
// Each is a function from tensors to tensors whose signature follows from what flows into it.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/json_fields.h"
#include "pipeline/host.h"
#include "pipeline/stage.h"

namespace plinth::pipeline {

// What a built-in step is, given what it is told.
struct Builtin {
  // Gets all inputs in their order, returns all outputs in theirs. Throws std::bad_alloc.
  using Function =
      std::function<Result<std::vector<NamedTensor>>(const std::vector<NamedTensor>& inputs)>;

  Signature signature;
  Function function;
};

// How a built-in step is made. `options` are checked by it, `inputs` are what flows in, in order.
// INVALID_ARGUMENT.
struct BuiltinKind {
  std::string_view name;
  std::string_view input;  // the name of its only input; empty: it takes any, under their own names
  Result<Builtin> (*make)(std::span<const json::Field> options, std::vector<TensorSpec> inputs);
};

// nullptr if there is none of that name. "image" and "tokenize" are none of them: they are engines.
const BuiltinKind* FindBuiltin(std::string_view name);

// The names of all, for messages.
std::span<const std::string_view> BuiltinNames();

// `kind` with the options of a JSON object. INVALID_ARGUMENT.
Result<StagePtr> MakeBuiltin(const BuiltinKind& kind, const std::string& options,
                             std::vector<TensorSpec> inputs, Host& host);

// Those that change no values.
Result<Builtin> MakeSelect(std::span<const json::Field> options, std::vector<TensorSpec> inputs);
Result<Builtin> MakeCast(std::span<const json::Field> options, std::vector<TensorSpec> inputs);
Result<Builtin> MakeReshape(std::span<const json::Field> options, std::vector<TensorSpec> inputs);
Result<Builtin> MakeConcat(std::span<const json::Field> options, std::vector<TensorSpec> inputs);

// Those that compute.
Result<Builtin> MakeSoftmax(std::span<const json::Field> options, std::vector<TensorSpec> inputs);
Result<Builtin> MakeMean(std::span<const json::Field> options, std::vector<TensorSpec> inputs);
Result<Builtin> MakeCompare(std::span<const json::Field> options, std::vector<TensorSpec> inputs);

// Those that choose along an axis.
Result<Builtin> MakeArgmax(std::span<const json::Field> options, std::vector<TensorSpec> inputs);
Result<Builtin> MakeTopK(std::span<const json::Field> options, std::vector<TensorSpec> inputs);

}  // namespace plinth::pipeline
