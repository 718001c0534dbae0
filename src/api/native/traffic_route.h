// GET and PUT /models/:name/traffic: how a model's requests are shared among its versions.
#pragma once

#include <string>

#include "model/registry.h"
#include "net/http.h"
#include "serving/service.h"

namespace plinth::api {

// {"name", "versions", "sticky", "labels", "shares"}: what was asked for, and what each version
// that is ready gets of the requests which name none.
std::string EncodeTraffic(const ModelInfo& model);

net::HttpResponse DescribeTraffic(const Service& service, const std::string& name);

// Changes what the body has and answers as DescribeTraffic(), from another thread.
void HandleSetTraffic(Service& service, const net::HttpRequest& request, const std::string& name,
                      net::Responder& responder);

}  // namespace plinth::api
