// docs/openapi.json, built into the program.
#pragma once

#include <string_view>

namespace plinth::api {

// The OpenAPI 3.1 description of this API, as JSON.
std::string_view OpenApiDocument();

}  // namespace plinth::api
