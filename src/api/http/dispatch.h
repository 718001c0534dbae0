// Several protocols on one port, told apart by how their paths begin.
#pragma once

#include <string_view>
#include <vector>

#include "net/http.h"

namespace plinth::api {

struct Protocol {
  std::string_view prefix;  // "/v2": of all paths that are this or go on with '/'
  net::HttpHandler handler;
};

// Hands each request to the protocol that has its path, else to `others`.
net::HttpHandler Dispatch(std::vector<Protocol> protocols, net::HttpHandler others);

}  // namespace plinth::api
