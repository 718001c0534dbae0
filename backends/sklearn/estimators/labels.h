// Labels as parameters and parts of a fitted state have them: one, or several of one kind.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "estimators/fitted.h"

namespace plinth::sklearn {

// A number or str, or a list or array of them. Fails in `fitted` for anything else.
Classes ReadLabels(Fitted& fitted, const Value& value, std::string_view name);

// Where label `i` of `labels` stands among the classes. A float and an int that are equal are the
// same label.
std::optional<std::size_t> IndexOf(const Classes& classes, const Classes& labels, std::size_t i);

}  // namespace plinth::sklearn
