#include "api/openinference/rest_inference.h"

#include <utility>

#include "api/http/responses.h"
#include "api/openinference/version_error.h"

namespace plinth::api::openinference {

using net::HttpResponse;

RestInference::RestInference(RestContext& context, RestCall call)
    : Inference(std::move(call.model)),
      context_(context),
      version_(std::move(call.version)),
      request_(std::move(call.request)),
      responder_(std::move(call.responder)) {}

void RestInference::Answer(Result<InferResponse> response) {
  responder_.Send(Guarded([&] { return ResponseTo(response); }));
}

Status RestInference::CheckModel(RequestedVersion& version) {
  auto presumed = version.Presumed();
  if (presumed || presumed.error().code != Code::kNotFound) return {};
  no_version_ = true;
  return Fail(std::move(presumed.error()));
}

Result<const Signature*> RestInference::Choose(RequestedVersion& version,
                                               const std::optional<std::string>& sticky_key) {
  auto chosen = version_.empty() ? version.Routed(sticky_key) : version.Numbered(version_);
  no_version_ = !chosen;
  return chosen;
}

HttpResponse RestInference::ResponseTo(const Result<InferResponse>& response) {
  if (!response && no_version_)
    return ErrorResponse(VersionError(context_.service, model, version_, response.error()));
  if (!response) return ErrorResponse(response.error());
  auto answer = Encode(*response);
  return answer ? *std::move(answer) : ErrorResponse(answer.error());
}

}  // namespace plinth::api::openinference
