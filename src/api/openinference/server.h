// GET /v2 and /v2/health: what the server is and whether it serves.
#pragma once

#include "api/openinference/rest.h"

namespace plinth::api::openinference {

net::HttpResponse DescribeServer(RestContext& context, const RestCall& call);
net::HttpResponse ServerLive(RestContext& context, const RestCall& call);
// 400 while the server is starting or shutting down.
net::HttpResponse ServerReady(RestContext& context, const RestCall& call);

}  // namespace plinth::api::openinference
