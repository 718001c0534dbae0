// inference.GRPCInferenceService: proto/open_inference.proto describes it.
#pragma once

#include <vector>

#include "api/openinference/context.h"
#include "net/grpc.h"

namespace plinth::api::openinference {

// All methods of the service. `context` outlives every call.
std::vector<net::GrpcMethod> MakeGrpcMethods(Context& context);

}  // namespace plinth::api::openinference
