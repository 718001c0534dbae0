// Which of a model's outputs are classes, scores or a regression's value.
#pragma once

#include <cstddef>
#include <optional>

#include "model/signature.h"

namespace plinth::api::tfserving {

// As indices into the signature's outputs; at least one of the two.
struct ClassOutputs {
  std::optional<std::size_t> classes;
  std::optional<std::size_t> scores;
};

// By their names (class, label; score, probability; also in the plural and behind "output_"), else
// by their types: the only output of strings or whole numbers, the only one of floats. Nothing if
// neither tells.
std::optional<ClassOutputs> ClassOutputsOf(const Signature& signature);

// By its name (output, prediction; also in the plural), else the only output; one of numbers in any
// case.
std::optional<std::size_t> RegressionOutputOf(const Signature& signature);

}  // namespace plinth::api::tfserving
