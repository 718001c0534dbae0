// What the REST routes of the Open Inference Protocol have in common.
#pragma once

#include <string>
#include <utility>

#include "api/openinference/errors.h"
#include "api/openinference/shared_memory.h"
#include "net/http.h"
#include "serving/service.h"

namespace plinth::api::openinference {

struct RestOptions {
  std::string server_name = "triton";  // stock clients compare it
  std::string server_version;
};

// What all routes work with. Outlives every request.
struct RestContext {
  Service& service;
  const RestOptions options;
  SharedMemory& shared_memory;  // the same for REST and gRPC
};

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
