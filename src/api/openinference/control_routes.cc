#include "api/openinference/control_routes.h"

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/responses.h"
#include "api/openinference/lookup.h"
#include "api/openinference/repository.h"
#include "api/openinference/repository_config.h"
#include "api/openinference/settings.h"
#include "base/json_writer.h"
#include "model/json_fields.h"

namespace plinth::api::openinference {
namespace {

using net::HttpResponse;
using net::Responder;

// What is no more than a few settings.
constexpr std::size_t kMostSettings = std::size_t{64} << 10;

Result<std::string_view> SmallBody(const RestCall& call) {
  const std::string_view body(call.request.body.As<char>(), call.request.body.size());
  if (body.size() <= kMostSettings) return body;
  return Fail(Code::kInvalidArgument, "the body has " + std::to_string(body.size()) +
                                          " bytes, expected at most " +
                                          std::to_string(kMostSettings));
}

// {"ready": true}, or nothing.
Result<bool> DecodeIndexRequest(std::string_view body) {
  if (body.empty()) return false;
  const auto document = json::Document::ParseObject(body, "request");
  if (!document) return Fail(document.error());
  const auto fields = json::FieldsOf(document->root(), "request");
  if (!fields) return Fail(fields.error());
  for (const json::Field& field : *fields) {
    if (field.key == "ready") return field.Boolean();
  }
  return false;
}

std::string EncodeIndex(const std::vector<IndexEntry>& entries) {
  JsonWriter json;
  json.BeginArray();
  for (const IndexEntry& entry : entries) {
    json.BeginObject();
    json.Key("name").Value(entry.name);
    if (!entry.version.empty()) json.Key("version").Value(entry.version);
    if (!entry.state.empty()) json.Key("state").Value(entry.state);
    if (!entry.reason.empty()) json.Key("reason").Value(entry.reason);
    json.EndObject();
  }
  json.EndArray();
  return std::move(json).Take();
}

// An empty answer, or the error.
Repository::Done Answering(std::shared_ptr<Responder> responder) {
  return [responder = std::move(responder)](const Status& status) {
    responder->Send(Guarded(
        [&] { return status ? HttpResponse::Json(200, "") : ErrorResponse(status.error()); }));
  };
}

}  // namespace

void IndexRepository(RestContext& context, RestCall call) {
  const auto body = SmallBody(call);
  if (!body) return call.responder.Send(ErrorResponse(body.error()));
  const auto only_ready = DecodeIndexRequest(*body);
  if (!only_ready) return call.responder.Send(ErrorResponse(only_ready.error()));
  context.repository.Index(*only_ready,
                           [responder = std::move(call.responder)](
                               const Result<std::vector<IndexEntry>>& entries) mutable {
                             responder.Send(Guarded([&] {
                               if (!entries) return ErrorResponse(entries.error());
                               return HttpResponse::Json(200, EncodeIndex(*entries));
                             }));
                           });
}

void LoadModel(RestContext& context, RestCall call) {
  const auto responder = std::make_shared<Responder>(std::move(call.responder));
  context.repository.Load(
      std::move(call.model),
      [request = std::move(call.request)] {
        return DecodeLoad({request.body.As<char>(), request.body.size()});
      },
      Answering(responder));
}

// No model depends on another one, so that "unload_dependents" changes nothing.
void UnloadModel(RestContext& context, RestCall call) {
  context.repository.Unload(std::move(call.model),
                            Answering(std::make_shared<Responder>(std::move(call.responder))));
}

HttpResponse TraceSettingsRoute(RestContext& context, const RestCall& call) {
  if (!call.model.empty() && !context.service.Describe(call.model))
    return ErrorResponse({Code::kNotFound, UnknownModel(call.model)});
  const auto body = SmallBody(call);
  if (!body) return ErrorResponse(body.error());
  const auto changes = DecodeTraceSettings(*body);
  if (!changes) return ErrorResponse(changes.error());
  const auto settings = context.traces.Update(call.model, *changes);
  if (!settings) return ErrorResponse(settings.error());
  return HttpResponse::Json(200, EncodeTraceSettings(*settings));
}

HttpResponse LogSettingsRoute(RestContext& context, const RestCall& call) {
  const auto body = SmallBody(call);
  if (!body) return ErrorResponse(body.error());
  const auto changes = DecodeLogSettings(*body);
  if (!changes) return ErrorResponse(changes.error());
  const auto settings = context.log.Update(*changes);
  if (!settings) return ErrorResponse(settings.error());
  return HttpResponse::Json(200, EncodeLogSettings(*settings));
}

}  // namespace plinth::api::openinference
