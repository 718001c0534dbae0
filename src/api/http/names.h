// What models and versions may be called.
#pragma once

#include <string_view>

#include "base/status.h"

namespace plinth::api {

// 1 to 128 of A-Z a-z 0-9 _ . - and no '.' at the beginning: safe in paths, URLs, labels and logs.
// INVALID_ARGUMENT states the rule; `what` is "model name" or "version".
Status CheckName(std::string_view what, std::string_view name);

}  // namespace plinth::api
