// Any bytes as a model file of the scikit-learn backend: reading must end in a model or an error,
// and running the model must too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "model.h"

namespace plinth::fuzzing {

// Rows of a few kinds, through everything that the model gives.
inline void RunModel(const sklearn::Model& model) {
  constexpr std::size_t kRows = 11;
  constexpr std::size_t kMostNumbers = 1 << 16;
  const sklearn::Traits& traits = model.traits();
  const std::size_t widest = traits.inputs + traits.outputs + traits.LabelWidth() +
                             traits.ProbabilityWidth() + traits.decision_width +
                             traits.transform_width;
  if (widest > kMostNumbers / kRows || !traits.input_types.empty()) return;
  std::vector<double> x(kRows * traits.inputs);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i % 7) - 3.0;
  if (!x.empty()) x.back() = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> values(kRows * traits.outputs);
  std::vector<double> probabilities(kRows * traits.ProbabilityWidth());
  std::vector<double> decision(kRows * traits.decision_width);
  std::vector<double> transformed(kRows * traits.transform_width);
  std::vector<double> scores(kRows);
  std::vector<std::int32_t> labels(kRows * traits.LabelWidth());
  const bool has_labels =
      traits.role != sklearn::Role::kTransformer && traits.role != sklearn::Role::kRegressor;
  sklearn::Outputs out;
  if (traits.outputs > 0 && traits.output_types.empty()) out.values = values.data();
  if (has_labels) out.labels = labels.data();
  if (traits.probabilities) out.probabilities = probabilities.data();
  if (traits.decision_width > 0) out.decision = decision.data();
  if (traits.transform_width > 0) out.transformed = transformed.data();
  if (traits.score_samples) out.scores = scores.data();
  // All but the last row are finite; the last is refused or served.
  for (const std::size_t count : {kRows - 1, kRows, std::size_t{1}}) {
    const sklearn::Rows rows{x.data(), count, traits.inputs, 0};
    (void)model.Run(sklearn::Batch(rows), out);
  }
  for (std::size_t i = 0; has_labels && i < labels.size(); ++i) {
    const sklearn::Classes& classes =
        traits.targets.empty() ? traits.classes : traits.targets[i % traits.LabelWidth()];
    if (static_cast<std::size_t>(labels[i]) >= classes.size()) __builtin_trap();
  }
}

inline void ReadAndRun(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  for (const std::size_t width : {std::size_t{0}, std::size_t{4}}) {
    const auto model = sklearn::Model::Parse(bytes, {.method = "", .width = width});
    if (model) RunModel(**model);
  }
}

}  // namespace plinth::fuzzing
