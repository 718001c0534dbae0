// The names of HTTP's verbs.
#pragma once

#include <string_view>

#include "net/http.h"

namespace plinth::api {

// "GET"; "this method" for one that is not known here.
std::string_view NameOf(net::Verb verb);

}  // namespace plinth::api
