#include "telemetry/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <ctime>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <vector>

#include "telemetry/render.h"

namespace plinth::telemetry {
namespace {

std::string ReadFile(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

template <typename Number>
bool Read(std::string_view text, Number& number) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc();
}

// Of user and system together.
double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// Seconds since 1970 at which the machine was booted.
std::optional<double> BootTime() {
  const std::string text = ReadFile("/proc/stat");
  const auto line = text.find("\nbtime ");
  std::int64_t seconds = 0;
  if (line == std::string::npos || !Read(std::string_view(text).substr(line + 7), seconds)) {
    return std::nullopt;
  }
  return static_cast<double>(seconds);
}

std::optional<std::int64_t> OpenFiles() {
  constexpr const char* kFolder = "/proc/self/fd";
  // Linux since 6.2 says the number as the folder's size.
  struct stat status {};
  if (stat(kFolder, &status) == 0 && status.st_size > 0) return status.st_size;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(kFolder), closedir);
  if (folder == nullptr) return std::nullopt;
  std::int64_t entries = 0;
  while (readdir(folder.get()) != nullptr) ++entries;
  return entries - 3;  // ".", ".." and this reader
}

double MaxOpenFiles() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return std::numeric_limits<double>::infinity();
  }
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

std::optional<ProcessStat> ParseProcessStat(std::string_view text) {
  // The second field is the program's name in parentheses, and may hold blanks and parentheses.
  const auto name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  std::vector<std::string_view> fields = {{}, {}};  // fields[n - 1] is field n of proc(5)
  for (std::size_t at = name_end + 1; at < text.size();) {
    const auto begin = text.find_first_not_of(' ', at);
    if (begin == std::string_view::npos) break;
    at = std::min(text.find(' ', begin), text.size());
    fields.push_back(text.substr(begin, at - begin));
  }
  ProcessStat stat;
  if (fields.size() < 24 || !Read(fields[19], stat.threads) ||
      !Read(fields[21], stat.start_ticks) || !Read(fields[22], stat.virtual_bytes) ||
      !Read(fields[23], stat.resident_pages)) {
    return std::nullopt;
  }
  return stat;
}

void AppendProcessMetrics(std::string& text) {
  AppendMetric(text, "process_cpu_seconds_total", "User and system CPU time spent, in seconds.",
               "counter", CpuSeconds());
  if (const auto stat = ParseProcessStat(ReadFile("/proc/self/stat"))) {
    AppendMetric(
        text, "process_resident_memory_bytes", "Resident memory size in bytes.", "gauge",
        static_cast<double>(stat->resident_pages) * static_cast<double>(sysconf(_SC_PAGESIZE)));
    AppendMetric(text, "process_virtual_memory_bytes", "Virtual memory size in bytes.", "gauge",
                 static_cast<double>(stat->virtual_bytes));
    AppendMetric(text, "process_threads", "Number of threads.", "gauge",
                 static_cast<double>(stat->threads));
    // The kernel computes the boot's time anew each time: kept, so that the start does not waver.
    static const std::optional<double> boot = BootTime();
    if (boot) {
      AppendMetric(text, "process_start_time_seconds",
                   "Start time of the process since the Unix epoch, in seconds.", "gauge",
                   *boot + static_cast<double>(stat->start_ticks) /
                               static_cast<double>(sysconf(_SC_CLK_TCK)));
    }
  }
  if (const auto files = OpenFiles()) {
    AppendMetric(text, "process_open_fds", "Number of open file descriptors.", "gauge",
                 static_cast<double>(*files));
  }
  AppendMetric(text, "process_max_fds", "Maximum number of open file descriptors.", "gauge",
               MaxOpenFiles());
}

}  // namespace plinth::telemetry
