#include "api/openinference/server.h"

#include <string_view>
#include <utility>

#include "base/json_writer.h"

namespace plinth::api::openinference {
namespace {

constexpr std::string_view kExtensions[] = {"classification",  "sequence",
                                            "schedule_policy", "binary_tensor_data",
                                            "parameters",      "system_shared_memory"};

}  // namespace

net::HttpResponse DescribeServer(RestContext& context, const RestCall&) {
  JsonWriter json;
  json.BeginObject();
  json.Key("name").Value(context.options.server_name);
  json.Key("version").Value(context.options.server_version);
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
