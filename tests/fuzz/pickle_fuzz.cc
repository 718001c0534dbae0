// Any bytes as a scikit-learn model file: reading must end in a model or an error, and running the
// model must too.
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "model.h"

namespace {

using plinth::sklearn::Model;
using plinth::sklearn::Outputs;
using plinth::sklearn::Rows;
using plinth::sklearn::Traits;

// Rows of a few kinds, through every answer that the model has.
void RunModel(const Model& model) {
  constexpr std::size_t kRows = 11;
  constexpr std::size_t kMostNumbers = 1 << 16;
  const Traits& traits = model.traits();
  const std::size_t widest =
      traits.inputs + traits.outputs + traits.classes.size() + traits.decision_width;
  if (widest > kMostNumbers / kRows) return;
  std::vector<double> x(kRows * traits.inputs);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i % 7) - 3.0;
  if (!x.empty()) x.back() = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> values(kRows * traits.outputs);
  std::vector<double> probabilities(kRows * traits.classes.size());
  std::vector<double> decision(kRows * traits.decision_width);
  std::vector<std::int32_t> labels(kRows);
  const bool classifier = traits.role == plinth::sklearn::Role::kClassifier;
  Outputs out;
  if (!classifier) out.values = values.data();
  if (classifier) out.labels = labels.data();
  if (traits.probabilities) out.probabilities = probabilities.data();
  if (traits.decision_width > 0) out.decision = decision.data();
  // All but the last row are finite; the last is refused or served.
  for (const std::size_t count : {kRows - 1, kRows, std::size_t{1}}) {
    (void)model.Run(Rows{x.data(), count, traits.inputs, 0}, out);
  }
  for (std::int32_t label : labels) {
    if (classifier && static_cast<std::size_t>(label) >= traits.classes.size()) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  for (const std::size_t width : {std::size_t{0}, std::size_t{4}}) {
    const auto model = Model::Parse(bytes, {.method = "", .width = width});
    if (model) RunModel(**model);
  }
  return 0;
}
