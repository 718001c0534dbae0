#include "api/native/events_route.h"

#include <charconv>
#include <limits>
#include <utility>
#include <vector>

#include "api/http/names.h"
#include "api/http/query.h"
#include "api/http/responses.h"
#include "base/json_writer.h"
#include "base/utc_time.h"

namespace plinth::api {
namespace {

constexpr std::string_view kParameters[] = {"limit", "before"};

Result<std::int64_t> ReadNumber(const QueryParameter& parameter, std::int64_t most) {
  const std::string text = DecodedValue(parameter.value);
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size() || number < 1 || number > most) {
    return Fail(Code::kInvalidArgument,
                parameter.name + " must be a whole number from 1 to " + std::to_string(most));
  }
  return number;
}

}  // namespace

Result<EventsQuery> ParseEventsQuery(std::string_view query) {
  const auto parameters = ParseQuery(query);
  if (!parameters) return Fail(parameters.error());
  if (auto known = CheckParameters(*parameters, kParameters); !known) return Fail(known.error());
  EventsQuery wanted;
  for (const QueryParameter& parameter : *parameters) {
    const bool is_limit = parameter.name == "limit";
    const auto number = ReadNumber(parameter, is_limit ? std::int64_t{StateStore::kMaxEventsOfModel}
                                                       : std::numeric_limits<std::int64_t>::max());
    if (!number) return Fail(number.error());
    if (is_limit) {
      wanted.limit = static_cast<std::size_t>(*number);
    } else {
      wanted.before_id = *number;
    }
  }
  return wanted;
}

std::string EncodeEvents(std::span<const Event> events) {
  JsonWriter json;
  json.BeginObject();
  json.Key("events").BeginArray();
  for (const Event& event : events) {
    json.BeginObject();
    json.Key("id").Value(event.id);
    json.Key("time").Value(UtcTime(event.time_ms));
    json.Key("kind").Value(event.kind);
    if (!event.version.empty()) json.Key("version").Value(event.version);
    json.Key("message").Value(event.message);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return std::move(json).Take();
}

void HandleEvents(Service& service, const net::HttpRequest& request, const std::string& name,
                  net::Responder& responder) {
  if (auto named = CheckName("model name", name); !named)
    return responder.Send(ErrorResponse(named.error()));
  const auto wanted = ParseEventsQuery(request.query);
  if (!wanted) return responder.Send(ErrorResponse(wanted.error()));
  service.Events(name, wanted->limit, wanted->before_id,
                 [responder = std::move(responder)](Result<std::vector<Event>> events) mutable {
                   responder.Send(Guarded([&] {
                     if (!events) return ErrorResponse(events.error());
                     return net::HttpResponse::Json(200, EncodeEvents(*events));
                   }));
                 });
}

}  // namespace plinth::api
