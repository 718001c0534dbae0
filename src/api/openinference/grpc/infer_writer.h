// ModelInferResponse and ModelStreamInferResponse, to bytes; tensors are not copied into them.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "api/openinference/infer_answer.h"
#include "net/grpc.h"
#include "serving/infer.h"

namespace plinth::api::openinference {

// `outputs` are what PrepareOutputs() gave for this response. In a stream an answer says of itself
// whether it is the last one to its request. `steps` is what TakeSteps() gave.
net::GrpcMessage WriteInferResponse(const InferResponse& response, std::string_view id,
                                    std::span<const AnsweredOutput> outputs,
                                    std::optional<bool> last, std::string_view steps = {});

// The two kinds of messages of a stream. An error goes with the id of the request that it is about.
net::GrpcMessage WriteStreamAnswer(net::GrpcMessage response);
net::GrpcMessage WriteStreamError(std::string_view message, std::string_view id);

}  // namespace plinth::api::openinference
