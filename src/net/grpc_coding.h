// How gRPC's messages are compressed.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/buffer.h"
#include "base/status.h"
#include "net/byte_budget.h"
#include "net/grpc.h"
#include "net/inflater.h"

namespace plinth::net {

// What is understood, for grpc-accept-encoding.
inline constexpr std::string_view kGrpcCodings = "identity,deflate,gzip";

// The name as in grpc-encoding; nothing if it is not understood. Empty means identity.
std::optional<Coding> GrpcCodingNamed(std::string_view name);
std::string_view NameOf(Coding coding);

// The best of those that a client accepts, by its grpc-accept-encoding.
Coding BestGrpcCoding(std::string_view accepted);

// The message as it was, of at most `most` bytes. INVALID_ARGUMENT, RESOURCE_EXHAUSTED,
// OUT_OF_MEMORY.
Result<Buffer> InflateMessage(Coding coding, const Buffer& message, std::size_t most,
                              std::shared_ptr<ByteBudget> budget);

// The message compressed; nothing where that gains nothing.
std::optional<GrpcMessage> DeflateMessage(Coding coding, const GrpcMessage& message);

}  // namespace plinth::net
