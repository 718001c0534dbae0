// Eight numbers that are computed with at once, in functions that are PLINTH_WIDE: one, two or four
// registers.
#pragma once

#include <cstddef>

#include "base/wide.h"

namespace plinth::sklearn {

inline constexpr std::size_t kLanes = 8;
using Lanes = double __attribute__((vector_size(kLanes * sizeof(double)), may_alias));

}  // namespace plinth::sklearn
