// tensorflow.serving.PredictionService over gRPC, for the models of this server.
#pragma once

#include <vector>

#include "net/grpc.h"
#include "serving/service.h"

namespace plinth::api::tfserving {

// Predict, Classify, Regress, MultiInference and GetModelMetadata. `service` outlives every call.
std::vector<net::GrpcMethod> PredictionServiceMethods(Service& service);

}  // namespace plinth::api::tfserving
