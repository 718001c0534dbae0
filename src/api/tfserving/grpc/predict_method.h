// PredictionService.Predict.
#pragma once

#include <string>
#include <vector>

#include "api/tfserving/grpc/messages.h"
#include "api/tfserving/inference.h"
#include "base/buffer.h"
#include "base/status.h"
#include "net/grpc.h"
#include "serving/service.h"

namespace plinth::api::tfserving {

// What is asked of the model: the tensors of a request that names exactly the model's inputs, and
// the outputs of its filter. INVALID_ARGUMENT, FAILED_PRECONDITION (no such signature). Throws
// protozero::exception.
Result<DecodedCall> DecodePredict(const PredictRequest& request, const Buffer& message,
                                  const Signature& signature, const ModelConfig& config);

void HandlePredict(Service& service, net::GrpcCall call, Buffer message, net::GrpcWriter writer);

}  // namespace plinth::api::tfserving
