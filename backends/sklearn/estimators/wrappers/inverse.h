// inverse_transform() of the transformers that a target may be put through.
#pragma once

#include <cstddef>
#include <functional>

#include "estimators/fitted.h"

namespace plinth::sklearn {

// Changes `rows` rows of as many columns as it was read for, in place.
using Inverse = std::function<void(double* values, std::size_t rows)>;

// Reads a fitted transformer of `width` columns. Fails in `fitted` if it is none of those whose
// inverse is known.
Inverse ReadInverse(Fitted& fitted, const Value& transformer, std::size_t width);

}  // namespace plinth::sklearn
