// Errors as values. A function that can fail returns Status or Result<T>; the one table in
// status.cc says what each code is called and which HTTP and gRPC status it becomes.
//
//   Result<Shape> shape = ParseShape(text);
//   if (!shape) return shape.error().Annotate("input 'x'");
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace plinth {

enum class Code : std::uint8_t {
  kInvalidArgument,     // the request is wrong; the client must change it
  kUnauthenticated,     // no valid credentials
  kPermissionDenied,    // the caller, or a path, is not allowed
  kNotFound,            // no such model, version, file or route
  kMethodNotAllowed,    // the route exists, the verb does not
  kNotAcceptable,       // no representation that the client accepts
  kAlreadyExists,       // the name and version are taken
  kFailedPrecondition,  // right request, wrong moment: the model is in another state
  kLengthRequired,      // a body without a length
  kPayloadTooLarge,     // over the body limit
  kUnsupportedMedia,    // a content type that is not understood
  kHeadersTooLarge,     // over the header limit
  kInvalidModel,        // the files cannot be served: broken, or using something unsupported
  kResourceExhausted,   // a queue is full; try again later
  kOutOfMemory,         // this process has no room for it
  kCancelled,           // the client went away
  kDeadlineExceeded,    // timeout_ms has passed
  kRequestTimeout,      // the client was too slow in sending
  kUnavailable,         // not ready, draining or shutting down
  kUnimplemented,       // a valid wish that is not supported
  kInternal,            // a fault of the server or of a runtime
};

struct CodeInfo {
  Code code;
  std::string_view name;  // "INVALID_ARGUMENT": in error bodies and metrics
  int http_status;
  int grpc_status;
};

// The table's row for a code.
const CodeInfo& InfoOf(Code code);

// A failure: what kind, and one or two sentences for the person who has to act on it.
struct Error {
  Code code = Code::kInternal;
  std::string message;

  // The same error with "context: " before its message.
  [[nodiscard]] Error Annotate(std::string_view context) const;
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

// return Fail(Code::kNotFound, "model 'x' is not deployed");
[[nodiscard]] inline std::unexpected<Error> Fail(Code code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}
[[nodiscard]] inline std::unexpected<Error> Fail(Error error) {
  return std::unexpected(std::move(error));
}

}  // namespace plinth
