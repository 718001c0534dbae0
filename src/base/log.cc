#include "base/log.h"

#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <string>

#include <fmt/format.h>

#include "base/utc_time.h"

namespace plinth {
namespace {

constexpr unsigned BitOf(LogLevel level) { return 1U << static_cast<unsigned>(level); }
constexpr unsigned FromLevel(LogLevel level) { return ~(BitOf(level) - 1); }

std::atomic<unsigned> g_logged{FromLevel(LogLevel::kInfo)};  // a bit for each level

constexpr std::string_view kNames[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};

void AppendEscaped(std::string& line, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else {
      line += fmt::format("\\x{:02x}", byte);
    }
  }
}

}  // namespace

void SetLogLevel(LogLevel level) { g_logged.store(FromLevel(level), std::memory_order_relaxed); }

void SetLogged(LogLevel level, bool logged) {
  if (logged) {
    g_logged.fetch_or(BitOf(level), std::memory_order_relaxed);
  } else {
    g_logged.fetch_and(~BitOf(level), std::memory_order_relaxed);
  }
}

bool IsLogged(LogLevel level) {
  return (g_logged.load(std::memory_order_relaxed) & BitOf(level)) != 0;
}

void Log(LogLevel level, std::string_view message) {
  if (!IsLogged(level)) return;
  std::string line =
      fmt::format("{} {} ", UtcTime(NowMs()), kNames[static_cast<std::size_t>(level)]);
  AppendEscaped(line, message);
  line += '\n';
  // A log that cannot be written is nobody's reason to stop serving.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace plinth
