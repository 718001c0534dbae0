#include "api/openinference/infer_start.h"

#include <algorithm>
#include <utility>

#include "api/openinference/batching.h"
#include "api/openinference/infer_inputs.h"
#include "api/openinference/raw_request.h"

namespace plinth::api::openinference {
namespace {

// MLServer gives what one method answers unless others are asked for, and its clients read that
// alone. A model that has its outputs by its methods is served for them.
bool AnswersFirstAlone(const ModelVersion& version) {
  return version.config().options.contains("outputs") && !version.signature().outputs.empty();
}

}  // namespace

Result<InferRequest> StartInference(InferBody& body, const Routed& routed, SharedInputs& shared) {
  const ModelView model = ModelView::Of(*routed.version);
  if (body.raw) {
    if (auto deduced = DeduceRawInput(body, model); !deduced)
      return Fail(std::move(deduced.error()));
  }
  // Answers that are kept, and copies for a shadow, must be of what the inputs were.
  const bool may_share = !routed.shadow && routed.version->config().cache_size == 0;
  auto inputs = MakeInputs(body, model, may_share);
  if (!inputs) return Fail(std::move(inputs.error()));
  shared.clear();
  for (GivenInput& input : body.inputs) {
    if (input.shared) shared.push_back(std::move(input.shared));
  }
  body.inputs.clear();
  InferRequest request{.version = {}, .inputs = *std::move(inputs), .outputs = {}, .cancelled = {}};
  for (const WantedOutput& output : body.outputs) request.outputs.push_back(output.name);
  if (request.outputs.empty() && AnswersFirstAlone(*routed.version)) {
    request.outputs.push_back(routed.version->signature().outputs.front().name);
  }
  request.timeout = body.timeout;
  request.priority = body.priority;
  request.context = ContextOf(body);
  request.trace = body.steps;
  body.arrival = request.arrival.time_since_epoch();
  return request;
}

Status CheckShared(const SharedInputs& shared) {
  if (std::ranges::none_of(shared, [](const auto& mapping) { return mapping->broken(); }))
    return {};
  return Fail(Code::kInvalidArgument,
              "the shared memory of an input has become shorter than it was registered");
}

}  // namespace plinth::api::openinference
