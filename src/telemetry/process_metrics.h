// What the kernel says of this process, under the names that Prometheus clients give it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace plinth::telemetry {

// Part of /proc/<pid>/stat.
struct ProcessStat {
  std::int64_t threads = 0;
  std::uint64_t start_ticks = 0;  // after boot; sysconf(_SC_CLK_TCK) of them are a second
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
};

// Nothing if the text is not what the kernel writes.
std::optional<ProcessStat> ParseProcessStat(std::string_view text);

// Appends process_cpu_seconds_total and its fellows. Reads a few files under /proc; what cannot be
// read is left out.
void AppendProcessMetrics(std::string& text);

}  // namespace plinth::telemetry
