// The texts of gRPC's header fields.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace plinth::net {

// Whether it is that of a call: "application/grpc", with "+proto" and parameters or without.
bool IsGrpcContentType(std::string_view content_type);

// "250m" is 250 ms: at most eight digits and one of H, M, S, m, u, n. Nothing if it is malformed.
std::optional<std::chrono::nanoseconds> ParseGrpcTimeout(std::string_view text);

// Clients refuse answers whose fields are longer than 8 KiB together, and then show no message.
inline constexpr std::size_t kMostGrpcMessage = 4096;

// As a grpc-message may be sent: printable ASCII as it is, all else percent-encoded, and what goes
// over kMostGrpcMessage bytes, about, left out.
std::string EncodeGrpcMessage(std::string_view message);

// The decimal text of a status code.
std::string_view GrpcStatusText(int code);

}  // namespace plinth::net
