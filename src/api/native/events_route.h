// GET /models/:name/events: what happened to a model, also after it was removed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "net/http.h"
#include "serving/service.h"
#include "store/state_store.h"

namespace plinth::api {

struct EventsQuery {
  std::size_t limit = 100;
  std::int64_t before_id = 0;  // 0: from the newest on
};

// Reads "limit=100&before=17". INVALID_ARGUMENT.
Result<EventsQuery> ParseEventsQuery(std::string_view query);

// {"events": [{"id", "time", "kind", "version", "message"}]}, the newest first.
std::string EncodeEvents(std::span<const Event> events);

// Answers from another thread: the events are on the disk.
void HandleEvents(Service& service, const net::HttpRequest& request, const std::string& name,
                  net::Responder& responder);

}  // namespace plinth::api
