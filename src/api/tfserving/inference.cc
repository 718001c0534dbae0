#include "api/tfserving/inference.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "api/tfserving/rank_fit.h"

namespace plinth::api::tfserving {
namespace {

std::optional<std::chrono::milliseconds> TimeoutOf(std::optional<Clock::time_point> deadline,
                                                   Clock::time_point arrival) {
  if (!deadline) return std::nullopt;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - arrival);
  return std::max(left, std::chrono::milliseconds(0));
}

}  // namespace

Result<InferRequest> ModelCall::Decode(RequestedVersion& version) {
  auto chosen = Choose(version);
  no_version_ = !chosen;
  if (!chosen) return Fail(std::move(chosen.error()));
  auto decoded = DecodeInputs(*version.chosen().version);
  if (!decoded) return Fail(std::move(decoded.error()));
  added_dims_ = AddMissingDimensions(**chosen, decoded->inputs);
  InferRequest request;
  request.inputs = std::move(decoded->inputs);
  request.outputs = std::move(decoded->outputs);
  request.timeout = TimeoutOf(deadline(), arrival);
  request.bypass_cache = bypass_cache();
  return request;
}

Result<const Signature*> ModelCall::Choose(RequestedVersion& version) const {
  if (spec_.name.empty()) return Fail(Code::kInvalidArgument, "ModelSpec has no name specified.");
  if (spec_.label) return version.Named(*spec_.label);
  if (spec_.version) {
    auto numbered = version.Numbered(std::to_string(*spec_.version));
    const bool means_none =
        *spec_.version == 0 && !numbered && numbered.error().code == Code::kNotFound;
    if (!means_none) return numbered;
  }
  return version.Routed(std::nullopt);
}

void ModelCall::Answer(Result<InferResponse> response) {
  if (!response && no_version_) return Respond(Fail(Reworded(std::move(response.error()))));
  if (response) DropDimensions(added_dims_, response->outputs);
  Respond(std::move(response));
}

// TF Serving knows no version that is there without being ready.
Error ModelCall::Reworded(Error error) const {
  if (error.code == Code::kUnavailable) return ServableNotFound(spec_);
  if (error.code != Code::kNotFound) return error;
  return spec_.label ? UnrecognizedLabel(spec_) : ServableNotFound(spec_);
}

}  // namespace plinth::api::tfserving
