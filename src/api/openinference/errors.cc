#include "api/openinference/errors.h"

#include <string>
#include <utility>

#include "base/json_writer.h"

namespace plinth::api::openinference {
namespace {

std::string Unknown(std::string_view model, std::string_view what) {
  return "Request for unknown model: '" + std::string(model) + "' " + std::string(what);
}

int HttpStatusOf(Code code) {
  switch (code) {
    case Code::kNotFound:
      return 404;
    case Code::kMethodNotAllowed:
      return 405;
    case Code::kPermissionDenied:
      return 403;
    case Code::kUnavailable:
      return 503;
    case Code::kUnimplemented:
      return 501;
    case Code::kInternal:
      return 500;
    default:
      return 400;
  }
}

Error With(std::string_view text, Code code, const Error& error) {
  if (error.message.starts_with(text)) return {code, error.message};
  return {code, std::string(text) + ": " + error.message};
}

}  // namespace

Error AsTriton(Error error) {
  switch (error.code) {
    case Code::kResourceExhausted:
      return With("Exceeds maximum queue size", Code::kUnavailable, error);
    case Code::kDeadlineExceeded:
      return With("Request timeout expired", Code::kUnavailable, error);
    case Code::kPayloadTooLarge:
      return With("The input size exceeds the maximum allowed value", Code::kInvalidArgument,
                  error);
    case Code::kOutOfMemory:
      error.code = Code::kUnavailable;
      return error;
    case Code::kNotFound:
    case Code::kMethodNotAllowed:
    case Code::kPermissionDenied:
    case Code::kAlreadyExists:
    case Code::kCancelled:
    case Code::kUnavailable:
    case Code::kUnimplemented:
    case Code::kInternal:
      return error;
    default:
      error.code = Code::kInvalidArgument;
      return error;
  }
}

net::HttpResponse ErrorResponse(const Error& error) {
  const Error shown = AsTriton(error);
  JsonWriter json;
  json.BeginObject();
  json.Key("error").Value(shown.message);
  json.EndObject();
  auto response = net::HttpResponse::Json(HttpStatusOf(shown.code), std::move(json).Take());
  if (response.status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

std::string UnknownModel(std::string_view model) { return Unknown(model, "is not found"); }

std::string UnknownVersion(std::string_view model, std::string_view version) {
  return Unknown(model, "version " + std::string(version) + " is not found");
}

std::string VersionNotReady(std::string_view model, std::string_view version) {
  return Unknown(model, "version " + std::string(version) + " is not at ready state");
}

std::string NoVersionAvailable(std::string_view model) {
  return Unknown(model, "has no available versions");
}

}  // namespace plinth::api::openinference
