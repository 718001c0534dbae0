#include "api/http/responses.h"

namespace plinth::api {

net::HttpResponse ErrorResponse(const Error& error) {
  net::HttpResponse response = net::HttpResponse::FromError(error);
  // Nothing is known of how long it will last; one second keeps clients from hammering.
  if (response.status == 429 || response.status == 503)
    response.headers.emplace_back("Retry-After", "1");
  return response;
}

net::HttpResponse OutOfMemory() {
  return ErrorResponse({Code::kOutOfMemory, "there is no memory left for this request"});
}

}  // namespace plinth::api
