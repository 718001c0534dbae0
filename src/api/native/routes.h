// The native REST API: docs/api.md and docs/openapi.json describe it.
#pragma once

#include <string>

#include "net/http.h"
#include "serving/service.h"

namespace plinth::api {

struct ApiOptions {
  std::string version;  // of the server, shown by GET /
};

// The handler for all routes. `service` outlives it and every request that it was given.
net::HttpHandler MakeNativeApi(Service& service, ApiOptions options);

}  // namespace plinth::api
