#include "pipeline/model_stage.h"

#include <utility>

namespace plinth::pipeline {
namespace {

ModelCall CallOf(const Signature& signature, std::vector<NamedTensor> inputs,
                 const std::vector<std::uint32_t>& wanted, const StageContext& context) {
  ModelCall call;
  call.inputs = std::move(inputs);
  call.deadline = context.deadline;
  call.context = context.caller->context();
  call.outputs.reserve(wanted.size());
  for (const std::uint32_t i : wanted) call.outputs.push_back(signature.outputs[i].name);
  return call;
}

}  // namespace

void ModelStage::Start(std::vector<NamedTensor> inputs, std::vector<std::uint32_t> wanted,
                       const StageContext& context, ModelCallDone done) const {
  ModelCall call = CallOf(signature(), std::move(inputs), wanted, context);
  call.model = model_;
  call.version = version_;
  context.caller->Call(std::move(call), std::move(done));
}

void OwnModelStage::Start(std::vector<NamedTensor> inputs, std::vector<std::uint32_t> wanted,
                          const StageContext& context, ModelCallDone done) const {
  ModelCall call = CallOf(signature(), std::move(inputs), wanted, context);
  call.own = version_;
  context.caller->Call(std::move(call), std::move(done));
}

}  // namespace plinth::pipeline
