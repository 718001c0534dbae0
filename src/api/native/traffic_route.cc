#include "api/native/traffic_route.h"

#include <utility>
#include <vector>

#include "api/http/names.h"
#include "api/http/request_headers.h"
#include "api/http/responses.h"
#include "base/json_writer.h"
#include "model/release_config.h"
#include "traffic/traffic_router.h"

namespace plinth::api {
namespace {

using net::HttpResponse;

Result<ReleaseChange> Decode(const net::HttpRequest& request, const std::string& name) {
  if (auto named = CheckName("model name", name); !named) return Fail(std::move(named.error()));
  const auto body = SmallJsonBody(request, "a change of traffic");
  if (!body) return Fail(body.error());
  return ParseReleaseChange(*body);
}

}  // namespace

std::string EncodeTraffic(const ModelInfo& model) {
  static const TrafficPolicy kNone;
  const TrafficPolicy& policy = model.traffic == nullptr ? kNone : *model.traffic;
  std::vector<std::string> ready;  // or loaded when the next request comes
  for (const VersionInfo& info : model.versions) {
    if (info.state == VersionState::kReady || info.state == VersionState::kUnloaded)
      ready.push_back(info.version);
  }
  JsonWriter json;
  json.BeginObject();
  json.Key("name").Value(model.name);
  WriteTraffic(json, policy);
  json.Key("shares").BeginObject();
  if (!ready.empty()) {
    const std::vector<double> shares = EffectiveShares(policy, ready);
    for (std::size_t i = 0; i < ready.size(); ++i) json.Key(ready[i]).Value(shares[i]);
  }
  json.EndObject();
  json.EndObject();
  return std::move(json).Take();
}

HttpResponse DescribeTraffic(const Service& service, const std::string& name) {
  const auto model = service.Describe(name);
  if (!model) return ErrorResponse(model.error());
  return HttpResponse::Json(200, EncodeTraffic(*model));
}

void HandleSetTraffic(Service& service, const net::HttpRequest& request, const std::string& name,
                      net::Responder& responder) {
  auto change = Decode(request, name);
  if (!change) return responder.Send(ErrorResponse(change.error()));
  service.SetTraffic(name, *std::move(change),
                     [&service, name, responder = std::move(responder)](
                         const Result<TrafficPolicy>& policy) mutable {
                       responder.Send(Guarded([&] {
                         if (!policy) return ErrorResponse(policy.error());
                         return DescribeTraffic(service, name);
                       }));
                     });
}

}  // namespace plinth::api
