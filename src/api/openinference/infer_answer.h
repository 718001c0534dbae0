// From the outputs of a model to an answer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/openinference/infer_request.h"
#include "base/status.h"
#include "net/http.h"
#include "serving/infer.h"

namespace plinth::api::openinference {

// An output on its way to the client, and what was asked of it; nullptr if nothing was.
struct AnsweredOutput {
  std::string_view name;
  Tensor tensor;  // of classes where these were asked for
  const WantedOutput* wanted = nullptr;
};

// Turns outputs into classes and writes those into shared memory that go there. INVALID_ARGUMENT.
// `body` and `response` outlive the result.
Result<std::vector<AnsweredOutput>> PrepareOutputs(const InferBody& body,
                                                   const InferResponse& response);

// The REST answer: outputs as JSON or behind it, by what the request asks for; the tensors are not
// copied. INVALID_ARGUMENT.
Result<net::HttpResponse> EncodeInferAnswer(const InferBody& body, const InferResponse& response);

}  // namespace plinth::api::openinference
