// PredictionService.Classify, Regress and MultiInference: those that take examples.
#pragma once

#include "base/buffer.h"
#include "net/grpc.h"
#include "serving/service.h"

namespace plinth::api::tfserving {

void HandleClassify(Service& service, net::GrpcCall call, Buffer message, net::GrpcWriter writer);
void HandleRegress(Service& service, net::GrpcCall call, Buffer message, net::GrpcWriter writer);

// Runs the model once, for all tasks.
void HandleMultiInference(Service& service, net::GrpcCall call, Buffer message,
                          net::GrpcWriter writer);

}  // namespace plinth::api::tfserving
