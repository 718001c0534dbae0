// Several protocols on one port, told apart by how their paths begin.
#pragma once

#include <string_view>
#include <vector>

#include "net/http.h"

namespace plinth::api {

struct Protocol {
  std::string_view prefix;  // "/v2": of all paths that are this or go on with '/'; empty: of all
  net::HttpHandler handler;
  net::HttpResponse (*write_error)(const Error& error);
};

// Hands each request to the first protocol that has its path; one of them has all paths.
net::HttpHandler Dispatch(std::vector<Protocol> protocols);

// Answers what cannot be read as the protocol would that has its path.
net::RefusalWriter DispatchRefusals(std::vector<Protocol> protocols);

}  // namespace plinth::api
