// The texts of gRPC's header fields.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace plinth::net {

// Whether it is that of a call: "application/grpc", with "+proto" and parameters or without.
bool IsGrpcContentType(std::string_view content_type);

// "250m" is 250 ms: at most eight digits and one of H, M, S, m, u, n. Nothing if it is malformed.
std::optional<std::chrono::nanoseconds> ParseGrpcTimeout(std::string_view text);

// As a grpc-message may be sent: printable ASCII as it is, all else percent-encoded.
std::string EncodeGrpcMessage(std::string_view message);

// The decimal text of a status code.
std::string_view GrpcStatusText(int code);

}  // namespace plinth::net
