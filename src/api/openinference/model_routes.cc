#include "api/openinference/model_routes.h"

#include <utility>

#include "api/http/responses.h"
#include "api/openinference/config.h"
#include "api/openinference/lookup.h"
#include "api/openinference/metadata.h"
#include "api/openinference/statistics.h"
#include "base/json_writer.h"

namespace plinth::api::openinference {
namespace {

using net::HttpResponse;

// Answers with the JSON that `encode` makes of the version.
template <typename Encode>
void Describe(RestContext& context, RestCall call, Encode encode) {
  FindLoaded(
      context.service, call.model, call.version,
      [responder = std::move(call.responder), encode](const Result<FoundVersion>& found) mutable {
        responder.Send(Guarded([&] {
          if (!found) return ErrorResponse(found.error());
          return HttpResponse::Json(200, encode(*found));
        }));
      });
}

}  // namespace

void DescribeModel(RestContext& context, RestCall call) {
  const bool names_version = !call.version.empty();
  Describe(context, std::move(call), [names_version](const FoundVersion& found) {
    return EncodeMetadata(MetadataOf(found, names_version));
  });
}

void DescribeConfig(RestContext& context, RestCall call) {
  Describe(context, std::move(call),
           [](const FoundVersion& found) { return EncodeConfig(ConfigOf(found)); });
}

// Triton's answer has no body, the protocol's description has this one: clients of either are
// content.
HttpResponse ModelReady(RestContext& context, const RestCall& call) {
  if (!FindVersion(context.service, call.model, call.version))
    return ErrorResponse({Code::kInvalidArgument, "Model version not ready"});
  JsonWriter json;
  json.BeginObject();
  json.Key("name").Value(call.model);
  json.Key("ready").Value(true);
  json.EndObject();
  return HttpResponse::Json(200, std::move(json).Take());
}

HttpResponse DescribeStatistics(RestContext& context, const RestCall& call) {
  const auto statistics = CollectStatistics(context.service, call.model, call.version);
  if (!statistics) return ErrorResponse(statistics.error());
  return HttpResponse::Json(200, EncodeStatistics(*statistics));
}

}  // namespace plinth::api::openinference
