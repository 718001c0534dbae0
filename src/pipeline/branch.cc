#include "pipeline/branch.h"

#include <algorithm>
#include <utility>

namespace plinth::pipeline {
namespace {

// Leaves open what is not the same in both.
void Widen(TensorSpec& spec, const TensorSpec& other) {
  if (spec.dtype != other.dtype) spec.dtype = DType::kAny;
  if (spec.batch_axis != other.batch_axis) spec.batch_axis = -1;
  spec.optional = spec.optional && other.optional;
  spec.nullable = spec.nullable && other.nullable;
  if (!spec.shape || !other.shape || spec.shape->rank() != other.shape->rank()) {
    spec.shape.reset();
    return;
  }
  for (std::size_t i = 0; i < spec.shape->rank(); ++i) {
    if ((*spec.shape)[i] != (*other.shape)[i]) (*spec.shape)[i] = -1;
  }
}

}  // namespace

Result<Signature> CommonSignature(const std::vector<StagePtr>& stages,
                                  const std::vector<std::string>& titles) {
  Signature common = stages.front()->signature();
  for (std::size_t s = 1; s < stages.size(); ++s) {
    const Signature& other = stages[s]->signature();
    common.stateful = common.stateful || other.stateful;
    for (const TensorSpec& input : other.inputs) {
      const auto known = std::ranges::find(common.inputs, input.name, &TensorSpec::name);
      known == common.inputs.end() ? common.inputs.push_back(input) : Widen(*known, input);
    }
    std::erase_if(common.outputs,
                  [&](const TensorSpec& output) { return !other.FindOutput(output.name); });
    for (TensorSpec& output : common.outputs) {
      Widen(output, other.outputs[*other.FindOutput(output.name)]);
    }
    if (!common.outputs.empty()) continue;
    return Fail(Code::kInvalidArgument,
                titles[s] + " has no output of a name that " + titles.front() + " has, too");
  }
  return common;
}

void StartBranch(const Stage& branch, const Signature& whole, std::vector<NamedTensor> inputs,
                 const std::vector<std::uint32_t>& wanted, const StageContext& context,
                 ModelCallDone done) {
  const Signature& signature = branch.signature();
  std::erase_if(
      inputs, [&](const NamedTensor& input) { return signature.FindInput(input.name) == nullptr; });
  std::vector<std::uint32_t> outputs;
  outputs.reserve(wanted.size());
  for (const std::uint32_t i : wanted) {
    outputs.push_back(static_cast<std::uint32_t>(*signature.FindOutput(whole.outputs[i].name)));
  }
  std::ranges::sort(outputs);
  branch.Start(std::move(inputs), std::move(outputs), context, std::move(done));
}

}  // namespace plinth::pipeline
