// The answers of a decoupled model, one by one.
#pragma once

#include <cstddef>
#include <vector>

#include "common/failure.h"
#include "common/outputs.h"
#include "plinth/backend.h"

namespace plinth::kit {

// Gives one answer to the call, whose model is decoupled: `fill` adds its outputs to an
// OutputWriter, and what it fails with is returned. Other failures: nobody wants another answer,
// and the call is to end.
template <typename Fill>
Status Respond(const plinth_execute_request& request, bool last, Fill fill) {
  std::vector<plinth_output> outputs(request.output_count);
  plinth_execute_response response{sizeof(response), outputs.data()};
  OutputWriter writer(&response);
  if (Status filled = fill(writer); !filled) return filled;
  if (request.struct_size <= offsetof(plinth_execute_request, respond)) {
    return Fail(PLINTH_UNSUPPORTED, "this server takes one answer to a call");
  }
  writer.Commit();
  const plinth_status status =
      request.respond(request.respond_context, outputs.data(), last ? 1 : 0);
  if (status == PLINTH_OK) return {};
  return Fail(status, "no further answers are wanted");
}

}  // namespace plinth::kit
