#include "telemetry/stripes.h"

#include <algorithm>
#include <bit>

namespace plinth::telemetry {

StripeMap::StripeMap(std::size_t stripes, const cpu_set_t& cores) : stripes_(stripes) {
  std::size_t turn = 0;
  for (std::size_t cpu = 0; cpu < stripe_of_.size(); ++cpu) {
    // A core that is not the process's now may become so.
    const std::size_t number = CPU_ISSET(cpu, &cores) ? turn++ : cpu;
    stripe_of_[cpu] = static_cast<std::uint8_t>(number & (stripes - 1));
  }
}

const StripeMap& StripeMap::OfProcess() {
  static const StripeMap map = [] {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    // Fails where there are more cores than the set has room for.
    if (sched_getaffinity(0, sizeof(cores), &cores) != 0) return StripeMap(kMaxStripes, cores);
    const auto count = static_cast<std::size_t>(CPU_COUNT(&cores));
    return StripeMap(std::min(std::bit_ceil(count), kMaxStripes), cores);
  }();
  return map;
}

StripedCells::StripedCells(std::size_t cells, const StripeMap& map)
    : map_(map),
      row_lines_((cells + kLineCells - 1) / kLineCells),
      lines_(std::make_unique<Line[]>(map.stripes() * row_lines_)) {}

std::uint64_t StripedCells::Sum(std::size_t cell) const {
  std::uint64_t sum = 0;
  for (std::size_t stripe = 0; stripe < map_.stripes(); ++stripe) {
    const Line& line = lines_[stripe * row_lines_ + cell / kLineCells];
    sum += line.cells[cell % kLineCells].load(std::memory_order_relaxed);
  }
  return sum;
}

}  // namespace plinth::telemetry
