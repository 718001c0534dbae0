#include "model/signature.h"

#include <algorithm>

namespace plinth {

const TensorSpec* Signature::FindInput(std::string_view name) const {
  const auto it = std::ranges::find(inputs, name, &TensorSpec::name);
  return it == inputs.end() ? nullptr : &*it;
}

std::optional<std::size_t> Signature::FindOutput(std::string_view name) const {
  const auto it = std::ranges::find(outputs, name, &TensorSpec::name);
  if (it == outputs.end()) return std::nullopt;
  return static_cast<std::size_t>(it - outputs.begin());
}

}  // namespace plinth
