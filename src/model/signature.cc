#include "model/signature.h"

#include <algorithm>

namespace plinth {

const TensorSpec* FindSpec(std::span<const TensorSpec> specs, std::string_view name) {
  const auto it = std::ranges::find(specs, name, &TensorSpec::name);
  return it == specs.end() ? nullptr : &*it;
}

const TensorSpec* Signature::FindInput(std::string_view name) const {
  return FindSpec(inputs, name);
}

std::span<const TensorSpec> Signature::FormOf(std::string_view name) const {
  if (columns.empty() || FindInput(name) != nullptr) return inputs;
  return columns;
}

const TensorSpec* Signature::FindSoleInput() const {
  if (inputs.size() == 1) return &inputs.front();
  const auto first = std::ranges::find(inputs, false, &TensorSpec::optional);
  if (first == inputs.end()) return nullptr;
  const auto second = std::find_if(first + 1, inputs.end(),
                                   [](const TensorSpec& input) { return !input.optional; });
  return second == inputs.end() ? &*first : nullptr;
}

std::optional<std::size_t> Signature::FindOutput(std::string_view name) const {
  const auto it = std::ranges::find(outputs, name, &TensorSpec::name);
  if (it == outputs.end()) return std::nullopt;
  return static_cast<std::size_t>(it - outputs.begin());
}

}  // namespace plinth
