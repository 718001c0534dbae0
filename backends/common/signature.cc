#include "common/signature.h"

#include <algorithm>
#include <utility>

namespace plinth::kit {
namespace {

std::vector<plinth_tensor_spec> ViewsOf(const std::vector<Spec>& specs) {
  std::vector<plinth_tensor_spec> views;
  views.reserve(specs.size());
  for (const Spec& spec : specs) {
    views.push_back(
        {spec.name.c_str(), spec.dtype,
         spec.shape ? static_cast<std::int32_t>(spec.shape->size()) : PLINTH_RANK_UNKNOWN,
         spec.shape ? spec.shape->data() : nullptr, spec.batch_axis, spec.optional ? 1 : 0});
  }
  return views;
}

}  // namespace

std::vector<Spec> CopySpecs(const plinth_tensor_spec* specs, std::size_t count) {
  std::vector<Spec> copies;
  copies.reserve(count);
  for (const plinth_tensor_spec& spec : std::span(specs, count)) {
    Spec copy{spec.name, spec.dtype, std::nullopt, spec.batch_axis, spec.optional != 0};
    if (spec.rank >= 0) copy.shape.emplace(spec.shape, spec.shape + spec.rank);
    copies.push_back(std::move(copy));
  }
  return copies;
}

void OpenBatchAxis(std::vector<Spec>& inputs, std::vector<Spec>& outputs) {
  const auto opens = [](const Spec& spec) {
    return spec.shape && !spec.shape->empty() && spec.shape->front() == -1;
  };
  const bool open =
      !inputs.empty() && std::ranges::all_of(inputs, opens) && std::ranges::all_of(outputs, opens);
  for (auto* specs : {&inputs, &outputs}) {
    for (Spec& spec : *specs) spec.batch_axis = open ? 0 : -1;
  }
}

Signature::Signature(std::vector<Spec> inputs, std::vector<Spec> outputs, Traits traits)
    : inputs_(std::move(inputs)),
      outputs_(std::move(outputs)),
      input_views_(ViewsOf(inputs_)),
      output_views_(ViewsOf(outputs_)),
      view_{sizeof(plinth_signature),
            input_views_.size(),
            input_views_.data(),
            output_views_.size(),
            output_views_.data(),
            traits.concurrent ? 1 : 0,
            traits.stateful ? 1 : 0,
            nullptr,
            traits.waits ? 1 : 0,
            nullptr,
            0,
            nullptr,
            nullptr,
            traits.decoupled ? 1 : 0,
            traits.uses_parameters ? 1 : 0} {}

}  // namespace plinth::kit
