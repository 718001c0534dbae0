// Where a body begins in memory.
#pragma once

#include <cstddef>

#include "net/http.h"

namespace plinth::net {

// How many bytes to leave free before the body of a request, so that its tensors can be used where
// they are: where the header Inference-Header-Content-Length tells that they begin behind so many
// bytes of JSON, that place gets an address that is a multiple of Buffer::kAlignment. 0 for other
// requests.
std::size_t BodyLead(const HttpRequest& request);

}  // namespace plinth::net
