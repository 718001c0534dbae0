// The order in which people count versions: v2 before v10.
#pragma once

#include <string_view>

namespace plinth {

// Whether a comes before b: runs of digits compare as numbers of any length, all else byte by byte.
// A strict weak order; strings that differ only in leading zeros ("v1", "v01") are ordered by
// length so that the order is total.
bool NaturalLess(std::string_view a, std::string_view b);

}  // namespace plinth
