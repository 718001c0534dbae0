#include "api/tfserving/errors.h"

#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "base/json_writer.h"

namespace plinth::api::tfserving {
namespace {

// By gRPC status, OK to UNAUTHENTICATED.
constexpr std::array kHttpStatus = {200, 499, 500, 400, 504, 404, 409, 403, 429,
                                    400, 409, 400, 501, 500, 503, 500, 401};

}  // namespace

net::HttpResponse ErrorResponse(const Error& error) {
  JsonWriter json(error.message.size() + 16);
  json.BeginObject();
  json.Key("error").Value(error.message);
  json.EndObject();
  // 429 would have the client send the same large body again.
  const int status = error.code == Code::kPayloadTooLarge
                         ? 413
                         : kHttpStatus.at(static_cast<std::size_t>(InfoOf(error.code).grpc_status));
  net::HttpResponse response = net::HttpResponse::Json(status, std::move(json).Take());
  if (status == 429 || status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace plinth::api::tfserving
