#include "model/abi_signature.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "model/abi_tensors.h"

namespace plinth {
namespace {

Result<TensorSpec> ReadSpec(const plinth_tensor_spec& spec, std::string_view what) {
  const std::string where = std::string(what) + " '" + (spec.name ? spec.name : "") + "'";
  if (spec.name == nullptr || *spec.name == '\0') {
    return Fail(Code::kInternal,
                "the backend describes an " + std::string(what) + " without a name");
  }
  if (spec.dtype != PLINTH_DTYPE_ANY && !IsElementType(spec.dtype)) {
    return Fail(Code::kInternal, "the backend gives " + where + " an unknown type");
  }
  TensorSpec read;
  read.name = spec.name;
  read.dtype = static_cast<DType>(spec.dtype);
  read.batch_axis = spec.batch_axis;
  read.optional = spec.optional != 0;
  if (spec.rank != PLINTH_RANK_UNKNOWN) {
    if (spec.rank < 0 || spec.rank > static_cast<int>(Shape::kMaxRank)) {
      return Fail(Code::kInvalidModel,
                  where + " has more than " + std::to_string(Shape::kMaxRank) + " dimensions");
    }
    read.shape.emplace(std::span(spec.shape, static_cast<std::size_t>(spec.rank)));
  }
  const bool has_axis = read.batch_axis >= 0 && read.shape &&
                        static_cast<std::size_t>(read.batch_axis) < read.shape->rank();
  if (!has_axis) read.batch_axis = -1;
  return read;
}

Status ReadSpecs(const plinth_tensor_spec* specs, std::size_t count, std::string_view what,
                 std::vector<TensorSpec>& into) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < count; ++i) {
    auto spec = ReadSpec(specs[i], what);
    if (!spec) return Fail(spec.error());
    if (!names.insert(specs[i].name).second) {
      return Fail(Code::kInvalidModel,
                  "the model has two " + std::string(what) + "s named '" + spec->name + "'");
    }
    into.push_back(std::move(*spec));
  }
  return {};
}

// Reads flags for the inputs, where the backend is new enough to give them.
void ReadFlags(const std::uint8_t* flags, bool TensorSpec::*flag, std::vector<TensorSpec>& inputs) {
  if (flags == nullptr) return;
  for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i].*flag = flags[i] != 0;
}

// Whether it can be given column by column, as the ABI has it.
bool HasColumns(const std::vector<TensorSpec>& inputs, std::size_t count) {
  if (inputs.size() != 1 || !inputs[0].fitted || inputs[0].batch_axis != 0) return false;
  const auto& shape = inputs[0].shape;
  return inputs[0].dtype == DType::kFp64 && shape && shape->rank() == 2 &&
         (*shape)[1] == static_cast<std::int64_t>(count);
}

Status ReadColumns(const plinth_signature& described, Signature& signature) {
  if (described.columns == nullptr || described.column_count == 0) return {};
  if (!HasColumns(signature.inputs, described.column_count)) {
    return Fail(Code::kInternal, "the backend names columns of what has none");
  }
  const bool says_unused = described.struct_size > offsetof(plinth_signature, unused_columns);
  const std::uint8_t* const unused = says_unused ? described.unused_columns : nullptr;
  std::set<std::string_view> names = {signature.inputs[0].name};
  for (std::size_t i = 0; i < described.column_count; ++i) {
    const char* const name = described.columns[i];
    if (name == nullptr || *name == '\0' || !names.insert(name).second) {
      return Fail(Code::kInternal, "the backend gives two columns one name, or one column none");
    }
    TensorSpec column = signature.inputs[0];
    column.name = name;
    column.shape = Shape{-1};
    if (unused != nullptr && unused[i] != 0) {
      column.dtype = DType::kAny;
      column.optional = true;
    }
    signature.columns.push_back(std::move(column));
  }
  return {};
}

// What later versions of the ABI have added.
Status ReadAdditions(const plinth_signature& described, Signature& signature) {
  const std::size_t size = described.struct_size;
  if (size > offsetof(plinth_signature, nullable_inputs)) {
    ReadFlags(described.nullable_inputs, &TensorSpec::nullable, signature.inputs);
  }
  if (size > offsetof(plinth_signature, waits)) signature.waits = described.waits != 0;
  if (size > offsetof(plinth_signature, fitted_inputs)) {
    ReadFlags(described.fitted_inputs, &TensorSpec::fitted, signature.inputs);
  }
  if (size > offsetof(plinth_signature, decoupled)) signature.decoupled = described.decoupled != 0;
  if (size > offsetof(plinth_signature, uses_parameters))
    signature.uses_parameters = described.uses_parameters != 0;
  signature.stateful = signature.stateful || signature.decoupled;
  signature.waits = signature.waits || signature.decoupled;  // for its clients
  return size > offsetof(plinth_signature, columns) ? ReadColumns(described, signature) : Status();
}

}  // namespace

Result<Signature> ReadSignature(const plinth_signature* described) {
  if (described == nullptr) return Fail(Code::kInternal, "the backend describes no signature");
  Signature signature;
  signature.concurrent = described->concurrent != 0;
  signature.stateful = described->stateful != 0;
  if (auto s = ReadSpecs(described->inputs, described->input_count, "input", signature.inputs);
      !s) {
    return Fail(s.error());
  }
  if (auto s = ReadAdditions(*described, signature); !s) return Fail(s.error());
  if (auto s = ReadSpecs(described->outputs, described->output_count, "output", signature.outputs);
      !s) {
    return Fail(s.error());
  }
  if (signature.outputs.empty()) return Fail(Code::kInvalidModel, "the model has no output");
  return signature;
}

std::vector<plinth_tensor_spec> Declare(const std::vector<TensorSpec>& specs) {
  std::vector<plinth_tensor_spec> declared;
  declared.reserve(specs.size());
  for (const TensorSpec& spec : specs) {
    declared.push_back(
        {spec.name.c_str(), static_cast<plinth_dtype>(spec.dtype),
         spec.shape ? static_cast<std::int32_t>(spec.shape->rank()) : PLINTH_RANK_UNKNOWN,
         spec.shape ? spec.shape->dims().data() : nullptr, spec.batch_axis, spec.optional ? 1 : 0});
  }
  return declared;
}

}  // namespace plinth
