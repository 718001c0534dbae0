// What models, versions and labels may be called.
#pragma once

#include <string_view>

namespace plinth {

// Whether text may name a model, a version or a label: 1 to 128 of A-Z a-z 0-9 _ . -, not beginning
// with a dot. Safe in paths, URLs, metrics and logs.
bool IsName(std::string_view text);

}  // namespace plinth
