// The REST API of the Open Inference Protocol (KServe v2) with Triton's extensions:
// docs/openinference.md describes it.
#pragma once

#include "api/openinference/context.h"
#include "net/http.h"

namespace plinth::api::openinference {

// Triton compresses what a model answers, and nothing else: its asyncio client asks for compression
// with every request, and takes other answers for plain text.
inline bool CompressesAnswer(const net::HttpRequest& request) {
  return request.path.ends_with("/infer");
}

// The handler for all of /v2. `context` outlives it and every request that it was given.
net::HttpHandler MakeRestApi(Context& context);

}  // namespace plinth::api::openinference
