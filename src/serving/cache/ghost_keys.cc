#include "serving/cache/ghost_keys.h"

#include <new>

namespace plinth {

void GhostKeys::Grow(std::size_t window) {
  try {
    buckets_.assign(std::bit_ceil((window + kWays - 1) / kWays), {});
  } catch (const std::bad_alloc&) {
    // Without ghosts the cache only chooses a little worse.
  }
}

}  // namespace plinth
