#include "api/openinference/server.h"

#include <string_view>
#include <utility>

#include "api/openinference/extensions.h"
#include "base/json_writer.h"

namespace plinth::api::openinference {
net::HttpResponse DescribeServer(RestContext& context, const RestCall&) {
  JsonWriter json;
  json.BeginObject();
  json.Key("name").Value(context.server_name);
  json.Key("version").Value(context.server_version);
  json.Key("extensions").BeginArray();
  for (const std::string_view extension : kExtensions) json.Value(extension);
  json.EndArray();
  json.EndObject();
  return net::HttpResponse::Json(200, std::move(json).Take());
}

// Triton's have no body, the protocol's description has these: clients of either are content.
net::HttpResponse ServerLive(RestContext&, const RestCall&) {
  return net::HttpResponse::Json(200, R"({"live":true})");
}

net::HttpResponse ServerReady(RestContext& context, const RestCall&) {
  const bool ready = context.service.ready();
  return net::HttpResponse::Json(ready ? 200 : 400,
                                 ready ? R"({"ready":true})" : R"({"ready":false})");
}

}  // namespace plinth::api::openinference
