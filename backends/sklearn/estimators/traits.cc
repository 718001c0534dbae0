#include "estimators/traits.h"

#include <algorithm>

namespace plinth::sklearn {

bool Traits::TakesText() const {
  return std::ranges::find(input_types, ColumnType::kText) != input_types.end();
}

bool Traits::GivesText() const {
  return std::ranges::find(output_types, ColumnType::kText) != output_types.end();
}

std::size_t Traits::ProbabilityWidth() const {
  if (targets.empty()) return classes.size() - without_probability;
  if (indicator_probabilities) return targets.size();
  std::size_t width = 0;
  for (const Classes& target : targets) width += target.size();
  return width;
}

Outputs Outputs::From(std::size_t at, const Traits& traits) const {
  const auto move = [at](auto* place, std::size_t width) {
    return place ? place + at * width : nullptr;
  };
  return {.values = move(values, traits.outputs),
          .labels = move(labels, traits.LabelWidth()),
          .probabilities = move(probabilities, traits.ProbabilityWidth()),
          .logarithms = logarithms,
          .decision = move(decision, traits.decision_width),
          .transformed = move(transformed, traits.transform_width),
          .scores = move(scores, 1)};
}

}  // namespace plinth::sklearn
