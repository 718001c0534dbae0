#include "python/embedded/library.h"

#include <unistd.h>

#include <array>
#include <sstream>

#include "python/channel.h"
#include "python/worker_process.h"

namespace plinth::python {
namespace {

constexpr std::chrono::seconds kPatience{60};  // numpy on a cold disk takes its time
constexpr std::size_t kMostText = std::size_t{1} << 20;

// What it prints until its end, or until the time is over.
std::string OutputOf(WorkerProcess& process) {
  std::string text;
  const auto until = Clock::now() + kPatience;
  std::array<char, 4096> buffer;
  while (text.size() < kMostText && AwaitReadable({process.output(), -1, -1}, until)[0]) {
    const ssize_t got = ::read(process.output(), buffer.data(), buffer.size());
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace

kit::Result<FoundLibrary> FindLibrary(const std::string& interpreter, const std::string& scripts) {
  auto process = WorkerProcess::Start({
      .arguments = {interpreter, "-X", "utf8", scripts + "/embedding.py"},
      .folder = "/",
  });
  if (!process) return kit::Fail(std::move(process.error()));
  const std::string text = OutputOf(**process);
  (*process)->Kill();
  FoundLibrary found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t space = line.find(' ');
    if (space == std::string::npos) continue;
    const std::string key = line.substr(0, space);
    std::string value = line.substr(space + 1);
    if (key == "refusal") return kit::Fail(PLINTH_UNAVAILABLE, std::move(value));
    if (key == "library") {
      found.library = std::move(value);
    } else if (key == "path") {
      found.module_paths.push_back(std::move(value));
    }
  }
  if (!found.library.empty()) return found;
  return kit::Fail(PLINTH_UNAVAILABLE,
                   interpreter + " does not say how it can be embedded: " + text.substr(0, 1000));
}

}  // namespace plinth::python
