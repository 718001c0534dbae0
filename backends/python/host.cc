#include "python/host.h"

#include <atomic>
#include <cstddef>

namespace plinth::python {
namespace {

std::atomic<const plinth_host*> the_host{nullptr};

// As a host does that answers at once: what it was given is released, and `done` is called.
void Refuse(const plinth_call& call) {
  for (std::size_t i = 0; i < call.input_count; ++i) {
    if (call.inputs[i].release != nullptr) call.inputs[i].release(call.inputs[i].release_context);
  }
  const plinth_call_result result{sizeof(result),
                                  PLINTH_UNSUPPORTED,
                                  "UNIMPLEMENTED",
                                  "models of this host cannot call each other",
                                  0,
                                  nullptr};
  call.done(call.context, &result);
}

}  // namespace

void SetHost(const plinth_host* host) { the_host = host; }

void Log(plinth_log_level level, const std::string& message) {
  if (const plinth_host* const host = the_host.load()) host->log(level, message.c_str());
}

void CallModel(const plinth_call& call) {
  const plinth_host* const host = the_host.load();
  const bool can = host != nullptr && host->struct_size > offsetof(plinth_host, call);
  if (!can || host->call == nullptr) return Refuse(call);
  host->call(&call);
}

const void* CallerOf(const plinth_execute_request& request) {
  const bool told = request.struct_size > offsetof(plinth_execute_request, caller);
  return told ? request.caller : nullptr;
}

}  // namespace plinth::python
