// The REST API of the Open Inference Protocol (KServe v2) with Triton's extensions:
// docs/openinference.md describes it.
#pragma once

#include "api/openinference/rest.h"
#include "net/http.h"
#include "serving/service.h"

namespace plinth::api::openinference {

// The handler for all of /v2. `service` and `memory` outlive it and every request that it was
// given.
net::HttpHandler MakeRestApi(Service& service, SharedMemory& memory, RestOptions options);

}  // namespace plinth::api::openinference
