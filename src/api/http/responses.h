// Answers that more than one route gives.
#pragma once

#include <new>

#include "base/status.h"
#include "net/http.h"

namespace plinth::api {

// The error as JSON, with a Retry-After where trying again may help.
net::HttpResponse ErrorResponse(const Error& error);

net::HttpResponse OutOfMemory();

// What `make` gives, an HttpResponse; it may run out of memory.
template <typename Make>
net::HttpResponse Guarded(Make make) {
  try {
    return make();
  } catch (const std::bad_alloc&) {
    return OutOfMemory();
  }
}

}  // namespace plinth::api
