// Cross-origin requests: which web pages may ask this server from a browser.
#pragma once

#include <string>
#include <vector>

#include "net/http.h"

namespace plinth::api {

// Lets pages of these origins, "https://app.example.com" or "*" for all, use what `inner` answers:
// preflight requests are answered here, all other answers get the headers for it. Credentials are
// never allowed. Requests of other origins pass as they are, and browsers keep their answers from
// the pages.
net::HttpHandler WithCors(net::HttpHandler inner, std::vector<std::string> origins);

}  // namespace plinth::api
