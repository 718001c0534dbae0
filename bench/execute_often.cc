// One call of a backend over and over, without Python between the calls: for
// bench/sklearn_rates.py, which loads this through ctypes.
#include <cstdint>

#include "plinth/backend.h"

// Executes `calls` times and drops the outputs; `response` has room for request->output_count. What
// the first call that fails gives.
extern "C" PLINTH_EXPORT plinth_status execute_often(const plinth_backend* backend,
                                                     plinth_model* model,
                                                     const plinth_execute_request* request,
                                                     plinth_execute_response* response,
                                                     std::uint64_t calls) {
  for (std::uint64_t call = 0; call < calls; ++call) {
    const plinth_status status = backend->execute(model, request, response);
    if (status != PLINTH_OK) return status;
    for (std::size_t i = 0; i < request->output_count; ++i) {
      const plinth_output& output = response->outputs[i];
      if (output.release != nullptr) output.release(output.release_context);
    }
  }
  return PLINTH_OK;
}
