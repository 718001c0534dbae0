#include "model/abi_signature.h"

#include <cstddef>
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
  TensorSpec read{spec.name,          static_cast<DType>(spec.dtype),
                  std::nullopt,       spec.batch_axis,
                  spec.optional != 0, false};
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
  const bool says_nullable = described->struct_size > offsetof(plinth_signature, nullable_inputs);
  if (says_nullable && described->nullable_inputs != nullptr) {
    for (std::size_t i = 0; i < signature.inputs.size(); ++i) {
      signature.inputs[i].nullable = described->nullable_inputs[i] != 0;
    }
  }
  if (described->struct_size > offsetof(plinth_signature, waits)) {
    signature.waits = described->waits != 0;
  }
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
