// ModelInfer and ModelStreamInfer.
#pragma once

#include <memory>

#include "api/openinference/context.h"
#include "base/buffer.h"
#include "net/grpc.h"

namespace plinth::api::openinference {

// `context` outlives the calls.
void ModelInfer(Context& context, net::GrpcCall call, Buffer message, net::GrpcWriter writer);

// Each message is a request of its own; they run side by side, and their answers go out as they
// come. A failure is a message, unless the client asks for the call to end with it (metadata
// triton_grpc_error: true). The call ends when the client sends no more and all is answered.
std::unique_ptr<net::GrpcReader> ModelStreamInfer(Context& context, net::GrpcCall call,
                                                  net::GrpcWriter writer);

// A call's status for an error, in Triton's numbers.
net::GrpcStatus StatusOf(const Error& error);

}  // namespace plinth::api::openinference
