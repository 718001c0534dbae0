// Errors as Triton words and numbers them.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "net/http.h"

namespace plinth::api::openinference {

// The error with a code that Triton has, one of INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS,
// CANCELLED, UNAVAILABLE, UNIMPLEMENTED and INTERNAL, and, where clients look for a certain text,
// with that text before its message.
Error AsTriton(Error error);

// {"error": "..."} with Triton's HTTP status for the code: 400 wherever it has no other.
net::HttpResponse ErrorResponse(const Error& error);

// For what clients and tests compare: a request to a model or version that is not there.
std::string UnknownModel(std::string_view model);                               // NOT_FOUND
std::string UnknownVersion(std::string_view model, std::string_view version);   // NOT_FOUND
std::string VersionNotReady(std::string_view model, std::string_view version);  // UNAVAILABLE
std::string NoVersionAvailable(std::string_view model);                         // NOT_FOUND

}  // namespace plinth::api::openinference
