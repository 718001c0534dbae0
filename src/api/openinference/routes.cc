#include "api/openinference/routes.h"

#include <algorithm>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "api/http/path.h"
#include "api/http/query.h"
#include "api/http/responses.h"
#include "api/openinference/control_routes.h"
#include "api/openinference/generate.h"
#include "api/openinference/infer.h"
#include "api/openinference/model_routes.h"
#include "api/openinference/server.h"
#include "api/openinference/shared_memory_routes.h"

namespace plinth::api::openinference {
namespace {

using net::HttpRequest;
using net::HttpResponse;
using net::Responder;
using net::Verb;

// A route that answers at once.
template <HttpResponse (*kAnswer)(RestContext&, const RestCall&)>
void AtOnce(RestContext& context, RestCall call) {
  call.responder.Send(Guarded([&] { return kAnswer(context, call); }));
}

struct Route {
  Verb verb;
  std::string_view pattern;  // ":model", ":version" and ":region" stand for one segment each
  RestHandler handler;
};

// The most frequent ones first: they are looked for in this order.
constexpr Route kRoutes[] = {
    {Verb::kPost, "/v2/models/:model/infer", HandleInfer},
    {Verb::kPost, "/v2/models/:model/versions/:version/infer", HandleInfer},
    {Verb::kPost, "/v2/models/:model/generate", HandleGenerate},
    {Verb::kPost, "/v2/models/:model/versions/:version/generate", HandleGenerate},
    {Verb::kPost, "/v2/models/:model/generate_stream", HandleGenerateStream},
    {Verb::kPost, "/v2/models/:model/versions/:version/generate_stream", HandleGenerateStream},
    {Verb::kGet, "/v2/models/:model/ready", AtOnce<ModelReady>},
    {Verb::kGet, "/v2/models/:model/versions/:version/ready", AtOnce<ModelReady>},
    {Verb::kGet, "/v2/models/stats", AtOnce<DescribeStatistics>},
    {Verb::kGet, "/v2/models/:model/stats", AtOnce<DescribeStatistics>},
    {Verb::kGet, "/v2/models/:model/versions/:version/stats", AtOnce<DescribeStatistics>},
    {Verb::kGet, "/v2/models/:model", DescribeModel},
    {Verb::kGet, "/v2/models/:model/versions/:version", DescribeModel},
    {Verb::kGet, "/v2/models/:model/config", DescribeConfig},
    {Verb::kGet, "/v2/models/:model/versions/:version/config", DescribeConfig},
    {Verb::kGet, "/v2", AtOnce<DescribeServer>},
    {Verb::kGet, "/v2/health/live", AtOnce<ServerLive>},
    {Verb::kGet, "/v2/health/ready", AtOnce<ServerReady>},
    {Verb::kGet, "/v2/systemsharedmemory/status", AtOnce<SystemRegions>},
    {Verb::kGet, "/v2/systemsharedmemory/region/:region/status", AtOnce<SystemRegions>},
    {Verb::kPost, "/v2/systemsharedmemory/region/:region/register", AtOnce<RegisterSystemRegion>},
    {Verb::kPost, "/v2/systemsharedmemory/region/:region/unregister",
     AtOnce<UnregisterSystemRegion>},
    {Verb::kPost, "/v2/systemsharedmemory/unregister", AtOnce<UnregisterSystemRegion>},
    {Verb::kGet, "/v2/cudasharedmemory/status", AtOnce<CudaRegions>},
    {Verb::kGet, "/v2/cudasharedmemory/region/:region/status", AtOnce<CudaRegions>},
    {Verb::kPost, "/v2/cudasharedmemory/region/:region/register", AtOnce<RegisterCudaRegion>},
    {Verb::kPost, "/v2/cudasharedmemory/region/:region/unregister", AtOnce<UnregisterCudaRegion>},
    {Verb::kPost, "/v2/cudasharedmemory/unregister", AtOnce<UnregisterCudaRegion>},
    {Verb::kPost, "/v2/repository/index", IndexRepository},
    {Verb::kPost, "/v2/repository/:repository/index", IndexRepository},
    {Verb::kPost, "/v2/repository/models/:model/load", LoadModel},
    {Verb::kPost, "/v2/repository/models/:model/unload", UnloadModel},
    {Verb::kGet, "/v2/trace/setting", AtOnce<TraceSettingsRoute>},
    {Verb::kPost, "/v2/trace/setting", AtOnce<TraceSettingsRoute>},
    {Verb::kGet, "/v2/models/:model/trace/setting", AtOnce<TraceSettingsRoute>},
    {Verb::kPost, "/v2/models/:model/trace/setting", AtOnce<TraceSettingsRoute>},
    {Verb::kGet, "/v2/logging", AtOnce<LogSettingsRoute>},
    {Verb::kPost, "/v2/logging", AtOnce<LogSettingsRoute>},
};

bool Matches(std::string_view pattern, std::string_view path) {
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = TakeSegment(pattern);
    const std::string_view segment = TakeSegment(path);
    if (wanted.starts_with(':') ? segment.empty() : wanted != segment) return false;
  }
  return pattern.empty() && path.empty();
}

// A broken escape stays as it is: no name has a '%', so that none is found by it.
void ReadParameters(std::string_view pattern, std::string_view path, RestCall& call) {
  while (!pattern.empty()) {
    const std::string_view name = TakeSegment(pattern);
    const std::string_view segment = TakeSegment(path);
    if (name == ":model") call.model = PercentDecoded(segment);
    if (name == ":version") call.version = PercentDecoded(segment);
    if (name == ":region") call.region = PercentDecoded(segment);
  }
}

HttpResponse Refusal(std::string_view path) {
  const bool known =
      std::ranges::any_of(kRoutes, [&](const Route& r) { return Matches(r.pattern, path); });
  return known ? ErrorResponse({Code::kMethodNotAllowed, "Method Not Allowed"})
               : ErrorResponse({Code::kNotFound, "Not Found"});
}

// `path` may end in one more '/', as some servers take it.
void Handle(RestContext& context, HttpRequest request, Responder responder) {
  std::string_view path = request.path;
  if (path.ends_with('/')) path.remove_suffix(1);
  const Verb verb = request.verb == Verb::kHead ? Verb::kGet : request.verb;
  for (const Route& route : kRoutes) {
    if (route.verb != verb || !Matches(route.pattern, path)) continue;
    RestCall call(std::move(request), std::move(responder));
    ReadParameters(route.pattern, path, call);
    return route.handler(context, std::move(call));
  }
  responder.Send(Refusal(path));
}

}  // namespace

net::HttpHandler MakeRestApi(Context& context) {
  return [&context](HttpRequest request, Responder responder) {
    try {
      Handle(context, std::move(request), std::move(responder));
    } catch (const std::bad_alloc&) {
      // The responder has answered when it was destroyed.
    }
  };
}

}  // namespace plinth::api::openinference
