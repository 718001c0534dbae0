// Errors as TF Serving's REST API gives them.
#pragma once

#include "base/status.h"
#include "net/http.h"

namespace plinth::api::tfserving {

// {"error": "..."} with the HTTP status that belongs to the error's gRPC status.
net::HttpResponse ErrorResponse(const Error& error);

}  // namespace plinth::api::tfserving
