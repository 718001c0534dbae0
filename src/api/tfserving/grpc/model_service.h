// tensorflow.serving.ModelService over gRPC, for the models of this server.
#pragma once

#include <vector>

#include "net/grpc.h"
#include "serving/service.h"

namespace plinth::api::tfserving {

// GetModelStatus. `service` outlives every call.
std::vector<net::GrpcMethod> ModelServiceMethods(Service& service);

}  // namespace plinth::api::tfserving
