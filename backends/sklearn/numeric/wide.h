// Eight numbers that are computed with at once: in one, two or four vectors of the processor.
#pragma once

#include <cstddef>

#include "base/wide.h"

namespace plinth::sklearn {

inline constexpr std::size_t kLanes = 8;

}  // namespace plinth::sklearn
