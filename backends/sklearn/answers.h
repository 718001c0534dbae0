// Which answers a model gives.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "model.h"

namespace plinth::sklearn {

// The answers that `options` ask for: those of a method, or of no method in particular.
// INVALID_ARGUMENT for a method that is not known or that the estimator does not have.
Result<std::vector<Answer>> ChooseAnswers(const Traits& traits, const ModelOptions& options);

}  // namespace plinth::sklearn
