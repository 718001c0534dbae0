// POST /predict/:model, with JSON or raw bodies and answers.
#pragma once

#include <string>

#include "net/http.h"
#include "serving/service.h"

namespace plinth::api {

// Answers the request through `responder`, now or later from another thread. A request that fails
// before its version is known is counted as one of the default version, if the model is there.
// `service` outlives the answer. May throw std::bad_alloc.
void HandlePredict(Service& service, const net::HttpRequest& request, const std::string& model,
                   net::Responder& responder);

}  // namespace plinth::api
