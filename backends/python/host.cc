#include "python/host.h"

#include <atomic>

namespace plinth::python {
namespace {

std::atomic<const plinth_host*> the_host{nullptr};

}  // namespace

void SetHost(const plinth_host* host) { the_host = host; }

void Log(plinth_log_level level, const std::string& message) {
  if (const plinth_host* const host = the_host.load()) host->log(level, message.c_str());
}

const plinth_host* Host() { return the_host; }

}  // namespace plinth::python
