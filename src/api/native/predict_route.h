// POST /predict/:model, with JSON or raw bodies and answers.
#pragma once

#include <string>

#include "net/http.h"
#include "serving/service.h"

namespace plinth::api {

// Answers the request through `responder`, now or later from another thread. `service` outlives the
// answer.
void HandlePredict(Service& service, net::HttpRequest request, const std::string& model,
                   net::Responder responder);

}  // namespace plinth::api
