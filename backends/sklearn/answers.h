// Which answers a model gives.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "model.h"

namespace plinth::sklearn {

// The answers of a method, or of no method in particular. INVALID_ARGUMENT for a method that is not
// known or that the estimator does not have.
Result<std::vector<Answer>> ChooseAnswers(const Traits& traits, const std::string& method);

}  // namespace plinth::sklearn
