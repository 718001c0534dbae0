// TF Serving's REST API, for the models of this server: docs/tfserving.md describes it.
#pragma once

#include "net/http.h"
#include "serving/service.h"

namespace plinth::api::tfserving {

// The handler for all of /v1. `service` outlives it and every request that it was given.
net::HttpHandler MakeRestApi(Service& service);

}  // namespace plinth::api::tfserving
