#include "base/status.h"

#include <array>
#include <cstddef>

namespace plinth {
namespace {

// In the order of the enumeration. The gRPC numbers are those of google.rpc.Code.
constexpr std::array kTable = {
    CodeInfo{Code::kInvalidArgument, "INVALID_ARGUMENT", 400, 3},
    CodeInfo{Code::kUnauthenticated, "UNAUTHENTICATED", 401, 16},
    CodeInfo{Code::kPermissionDenied, "PERMISSION_DENIED", 403, 7},
    CodeInfo{Code::kNotFound, "NOT_FOUND", 404, 5},
    CodeInfo{Code::kMethodNotAllowed, "METHOD_NOT_ALLOWED", 405, 12},
    CodeInfo{Code::kNotAcceptable, "NOT_ACCEPTABLE", 406, 3},
    CodeInfo{Code::kAlreadyExists, "ALREADY_EXISTS", 409, 6},
    CodeInfo{Code::kFailedPrecondition, "FAILED_PRECONDITION", 409, 9},
    CodeInfo{Code::kLengthRequired, "LENGTH_REQUIRED", 411, 3},
    CodeInfo{Code::kPayloadTooLarge, "PAYLOAD_TOO_LARGE", 413, 8},
    CodeInfo{Code::kUnsupportedMedia, "UNSUPPORTED_MEDIA_TYPE", 415, 3},
    CodeInfo{Code::kHeadersTooLarge, "HEADERS_TOO_LARGE", 431, 8},
    CodeInfo{Code::kInvalidModel, "INVALID_MODEL", 422, 9},
    CodeInfo{Code::kResourceExhausted, "RESOURCE_EXHAUSTED", 429, 8},
    CodeInfo{Code::kOutOfMemory, "OUT_OF_MEMORY", 503, 8},
    CodeInfo{Code::kCancelled, "CANCELLED", 499, 1},
    CodeInfo{Code::kDeadlineExceeded, "DEADLINE_EXCEEDED", 504, 4},
    CodeInfo{Code::kRequestTimeout, "REQUEST_TIMEOUT", 408, 4},
    CodeInfo{Code::kUnavailable, "UNAVAILABLE", 503, 14},
    CodeInfo{Code::kUnimplemented, "UNIMPLEMENTED", 501, 12},
    CodeInfo{Code::kInternal, "INTERNAL", 500, 13},
};

constexpr bool TableIsInOrder() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].code) != i) return false;
  }
  return kTable.size() == static_cast<std::size_t>(Code::kInternal) + 1;
}
static_assert(TableIsInOrder());

}  // namespace

const CodeInfo& InfoOf(Code code) { return kTable[static_cast<std::size_t>(code)]; }

Error Error::Annotate(std::string_view context) const {
  std::string text;
  text.reserve(context.size() + 2 + message.size());
  text.append(context).append(": ").append(message);
  return Error{code, std::move(text)};
}

}  // namespace plinth
