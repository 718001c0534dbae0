// What the headers of a prediction ask for.
#pragma once

#include <string_view>

#include "base/status.h"
#include "net/http.h"

namespace plinth::api {

enum class BodyKind { kJson, kRaw };

// What the body is, by its Content-Type: none, JSON and what `curl -d` sends is JSON,
// application/octet-stream is raw. LENGTH_REQUIRED without a body, UNSUPPORTED_MEDIA_TYPE for other
// types and for compressed bodies.
Result<BodyKind> KindOfBody(const net::HttpRequest& request);

// The same where only JSON will do.
Status RequireJson(const net::HttpRequest& request);

// A JSON body that is small by its nature: more than 1 MiB is a mistake or an attack, and refused
// (PAYLOAD_TOO_LARGE). `what` it is: "a deployment". The text lives as long as the request.
Result<std::string_view> SmallJsonBody(const net::HttpRequest& request, std::string_view what);

// Whether the answer is to be application/octet-stream: Accept names it, and with a higher weight
// than it names application/json.
bool WantsRaw(const net::HttpRequest& request);

// Whether the answer is to be server-sent events: Accept names text/event-stream.
bool WantsEvents(const net::HttpRequest& request);

// Whether Cache-Control holds no-cache or no-store.
bool BypassesCache(const net::HttpRequest& request);

}  // namespace plinth::api
