// What the REST routes of the Open Inference Protocol have in common.
#pragma once

#include <string>
#include <utility>

#include "api/openinference/context.h"
#include "api/openinference/errors.h"
#include "net/http.h"

namespace plinth::api::openinference {

using RestContext = Context;

// A request with what its path names, percent-decoded.
struct RestCall {
  RestCall(net::HttpRequest http, net::Responder back)
      : request(std::move(http)), responder(std::move(back)) {}

  net::HttpRequest request;
  net::Responder responder;
  std::string model;    // empty where the path has none
  std::string version;  // likewise
  std::string region;   // of shared memory
};

using RestHandler = void (*)(RestContext& context, RestCall call);

}  // namespace plinth::api::openinference
