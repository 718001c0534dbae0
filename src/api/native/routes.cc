#include "api/native/routes.h"

#include <algorithm>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include "api/http/names.h"
#include "api/http/request_headers.h"
#include "api/http/responses.h"
#include "api/native/deploy_codec.h"
#include "api/native/events_route.h"
#include "api/native/openapi.h"
#include "api/native/predict_route.h"
#include "api/native/release_codec.h"
#include "api/native/router.h"
#include "api/native/traffic_route.h"
#include "base/json_writer.h"

namespace plinth::api {
namespace {

using net::HttpRequest;
using net::HttpResponse;
using net::Responder;

class NativeApi {
 public:
  NativeApi(Service& service, ApiOptions options)
      : service_(service), options_(std::move(options)) {}

  void Handle(HttpRequest& request, Responder& responder);

 private:
  void Deploy(const HttpRequest& request, const RouteMatch& match, Responder& responder);
  void Reload(const HttpRequest& request, const std::string& name, Responder& responder);
  void Remove(const RouteMatch& match, Responder& responder);
  void TakeBackRollout(const std::string& name, Responder& responder);
  HttpResponse Answer(const RouteMatch& match);
  HttpResponse Index() const;
  HttpResponse Ready() const;
  HttpResponse DescribeModel(const std::string& name) const;
  HttpResponse DescribeVersion(const std::string& name, const std::string& version) const;
  HttpResponse DescribeRollout(const std::string& name) const;

  Service& service_;
  const ApiOptions options_;
};

HttpResponse Refusal(const HttpRequest& request, const RouteMatch& match) {
  if (match.allow.empty())
    return ErrorResponse({Code::kNotFound, UnknownRouteMessage(request.path)});
  HttpResponse response;
  if (request.verb == net::Verb::kOptions) {
    response.status = 204;
  } else {
    response = ErrorResponse(
        {Code::kMethodNotAllowed,
         std::string(NameOf(request.verb)) + " is not allowed here; allowed are " + match.allow});
  }
  response.headers.emplace_back("Allow", match.allow);
  return response;
}

// Those that the path holds: a route has a version or has none.
Status CheckNames(const RouteMatch& match) {
  if (auto named = CheckName("model name", match.name); !named) return named;
  const bool has_version =
      match.route == Route::kDescribeVersion || match.route == Route::kRemoveVersion;
  return has_version ? CheckName("version", match.version) : Status();
}

void NativeApi::Handle(HttpRequest& request, Responder& responder) {
  const RouteMatch match = MatchRoute(request.verb, request.path);
  switch (match.route) {
    case Route::kPredict:
      return HandlePredict(service_, std::move(request), match.name, std::move(responder));
    case Route::kDeployModel:
    case Route::kDeployVersion:
      return Deploy(request, match, responder);
    case Route::kReloadModel:
      return Reload(request, match.name, responder);
    case Route::kSetTraffic:
      return HandleSetTraffic(service_, request, match.name, responder);
    case Route::kRemoveModel:
    case Route::kRemoveVersion:
      return Remove(match, responder);
    case Route::kTakeBackRollout:
      return TakeBackRollout(match.name, responder);
    case Route::kModelEvents:
      return HandleEvents(service_, request, match.name, responder);
    case Route::kNone:
      return responder.Send(Refusal(request, match));
    default:
      return responder.Send(Answer(match));
  }
}

void NativeApi::Deploy(const HttpRequest& request, const RouteMatch& match, Responder& responder) {
  const auto decode = [&]() -> Result<DeploySpec> {
    const auto body = SmallJsonBody(request, "a deployment");
    if (!body) return Fail(body.error());
    return DecodeDeploy(*body, match.name, match.version);
  };
  auto spec = decode();
  if (!spec) return responder.Send(ErrorResponse(spec.error()));
  service_.Deploy(*std::move(spec),
                  [responder = std::move(responder)](Result<VersionInfo> info) mutable {
                    responder.Send(Guarded([&] {
                      if (!info) return ErrorResponse(info.error());
                      HttpResponse response = HttpResponse::Json(201, EncodeDeployed(*info));
                      response.headers.emplace_back(
                          "Location", "/models/" + info->name + "/version/" + info->version);
                      return response;
                    }));
                  });
}

void NativeApi::Reload(const HttpRequest& request, const std::string& name, Responder& responder) {
  if (auto named = CheckName("model name", name); !named)
    return responder.Send(ErrorResponse(named.error()));
  auto version = DecodeReload({request.body.As<char>(), request.body.size()});
  if (!version) return responder.Send(ErrorResponse(version.error()));
  service_.Reload(name, *std::move(version),
                  [name, responder = std::move(responder)](
                      const Result<std::vector<VersionInfo>>& reloaded) mutable {
                    responder.Send(Guarded([&] {
                      if (!reloaded) return ErrorResponse(reloaded.error());
                      return HttpResponse::Json(200, EncodeReloaded(name, *reloaded));
                    }));
                  });
}

void NativeApi::Remove(const RouteMatch& match, Responder& responder) {
  if (auto named = CheckNames(match); !named) return responder.Send(ErrorResponse(named.error()));
  service_.Remove(match.name, match.version,
                  [name = match.name, version = match.version,
                   responder = std::move(responder)](const Status& removed) mutable {
                    responder.Send(Guarded([&] {
                      if (!removed) return ErrorResponse(removed.error());
                      return HttpResponse::Json(200, EncodeRemoved(name, version));
                    }));
                  });
}

void NativeApi::TakeBackRollout(const std::string& name, Responder& responder) {
  if (auto named = CheckName("model name", name); !named)
    return responder.Send(ErrorResponse(named.error()));
  service_.TakeBackRollout(name, [this, name, responder = std::move(responder)](
                                     const Result<TrafficPolicy>& policy) mutable {
    responder.Send(
        Guarded([&] { return policy ? DescribeRollout(name) : ErrorResponse(policy.error()); }));
  });
}

HttpResponse NativeApi::Answer(const RouteMatch& match) {
  switch (match.route) {
    case Route::kHealth:
      return HttpResponse::Json(200, R"({"status":"ok"})");
    case Route::kReady:
      return Ready();
    case Route::kMetrics: {
      HttpResponse response = HttpResponse::Text(200, service_.RenderMetrics());
      response.content_type = "text/plain; version=0.0.4; charset=utf-8";
      return response;
    }
    case Route::kOpenApi:
      return HttpResponse::Json(200, std::string(OpenApiDocument()));
    case Route::kIndex:
      return Index();
    case Route::kListModels:
      return HttpResponse::Json(200, EncodeModels(service_.List()));
    default:
      break;
  }
  // What remains names a model, and perhaps a version.
  if (auto named = CheckNames(match); !named) return ErrorResponse(named.error());
  switch (match.route) {
    case Route::kDescribeTraffic:
      return DescribeTraffic(service_, match.name);
    case Route::kDescribeRollout:
      return DescribeRollout(match.name);
    case Route::kDescribeVersion:
      return DescribeVersion(match.name, match.version);
    default:
      return DescribeModel(match.name);
  }
}

HttpResponse NativeApi::Index() const {
  JsonWriter json;
  json.BeginObject();
  json.Key("name").Value("plinth");
  json.Key("version").Value(options_.version);
  json.Key("routes").BeginArray();
  for (const RouteInfo& route : Routes()) {
    json.BeginObject();
    json.Key("method").Value(NameOf(route.verb));
    json.Key("path").Value(route.pattern);
    json.Key("what").Value(route.what);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return HttpResponse::Json(200, std::move(json).Take());
}

HttpResponse NativeApi::Ready() const {
  if (service_.ready()) return HttpResponse::Json(200, R"({"status":"ready"})");
  std::string loading;
  for (const ModelInfo& model : service_.List()) {
    for (const VersionInfo& info : model.versions) {
      if (info.state != VersionState::kLoading && info.state != VersionState::kWarming) continue;
      loading += loading.empty() ? ": " : ", ";
      loading += model.name + " " + info.version;
    }
  }
  return ErrorResponse(
      {Code::kUnavailable, "the server is starting or shutting down" +
                               (loading.empty() ? "" : "; still loading" + loading)});
}

HttpResponse NativeApi::DescribeModel(const std::string& name) const {
  const auto model = service_.Describe(name);
  if (!model) return ErrorResponse(model.error());
  return HttpResponse::Json(200, EncodeModel(*model, service_.Figures(*model)));
}

HttpResponse NativeApi::DescribeVersion(const std::string& name, const std::string& version) const {
  const auto model = service_.Describe(name);
  if (!model) return ErrorResponse(model.error());
  const auto info = std::ranges::find(model->versions, version, &VersionInfo::version);
  if (info == model->versions.end()) return ErrorResponse(NoSuchVersion(*model, version));
  const auto at = static_cast<std::size_t>(info - model->versions.begin());
  return HttpResponse::Json(200, EncodeVersion(*info, service_.Figures(*model)[at]));
}

HttpResponse NativeApi::DescribeRollout(const std::string& name) const {
  const auto view = service_.DescribeRollout(name);
  if (!view) return ErrorResponse(view.error());
  return HttpResponse::Json(200, EncodeRollout(name, *view));
}

}  // namespace

net::HttpHandler MakeNativeApi(Service& service, ApiOptions options) {
  const auto api = std::make_shared<NativeApi>(service, std::move(options));
  return [api](HttpRequest request, Responder responder) {
    try {
      api->Handle(request, responder);
    } catch (const std::bad_alloc&) {
      responder.Send(OutOfMemory());
    }
  };
}

}  // namespace plinth::api
