#include "api/native/predict_route.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/http/event_answer.h"
#include "api/http/names.h"
#include "api/http/request_headers.h"
#include "api/http/responses.h"
#include "api/infer/inference.h"
#include "api/native/predict_decoder.h"
#include "api/native/predict_encoder.h"
#include "api/native/raw_codec.h"

namespace plinth::api {
namespace {

using net::HttpRequest;
using net::HttpResponse;
using net::Responder;

// A raw request: the input's bytes in the body, everything else in the query and the headers.
Result<PredictBody> DecodeRaw(const HttpRequest& request, VersionChoice& choice) {
  auto options = ParsePredictQuery(
      request.query, request.query.empty() ? std::string_view() : choice.sticky_field());
  if (!options) return Fail(std::move(options.error()));
  if (const std::string_view version = request.Find("Plinth-Version"); !version.empty()) {
    if (auto named = CheckName("version", version); !named) return Fail(std::move(named.error()));
    if (!options->version.empty() && options->version != version) {
      return Fail(Code::kInvalidArgument, "Plinth-Version is '" + std::string(version) +
                                              "', the query's version '" + options->version +
                                              "'; leave one of them out");
    }
    options->version = std::string(version);
  }
  const auto signature = options->version.empty() ? choice.Routed(options->sticky_key)
                                                  : choice.Named(options->version);
  if (!signature) return Fail(signature.error());
  const auto description =
      ParseRawDescription(request.Find("Plinth-Shape"), request.Find("Plinth-Datatype"));
  if (!description) return Fail(description.error());
  auto input = DecodeRawInput(**signature, request.body, *description);
  if (!input) return Fail(std::move(input.error()));
  PredictBody body{.inputs = {}, .options = *std::move(options)};
  body.inputs.push_back(*std::move(input));
  return body;
}

Result<PredictBody> DecodeBody(const HttpRequest& request, VersionChoice& choice) {
  const auto kind = KindOfBody(request);
  if (!kind) return Fail(kind.error());
  return *kind == BodyKind::kRaw ? DecodeRaw(request, choice) : DecodePredict(request.body, choice);
}

std::string EncodeJson(const InferResponse& response, Clock::time_point arrival,
                       RequestTrace* trace) {
  const std::chrono::duration<double, std::milli> latency = Clock::now() - arrival;
  std::optional<PredictTrace> steps;
  if (trace != nullptr) steps = PredictTrace{trace->Take(), arrival.time_since_epoch()};
  return EncodePrediction(response.version->name(), response.version->version(), response.outputs,
                          latency.count(), response.cached, steps ? &*steps : nullptr);
}

HttpResponse Encode(const Result<InferResponse>& response, bool raw, Clock::time_point arrival,
                    RequestTrace* trace) {
  if (!response) return ErrorResponse(response.error());
  if (raw) {
    auto encoded = EncodeRaw(*response);
    return encoded ? *std::move(encoded) : ErrorResponse(encoded.error());
  }
  return HttpResponse::Json(200, EncodeJson(*response, arrival, trace));
}

class Prediction : public Inference {
 public:
  Prediction(HttpRequest request, const std::string& name, Responder responder)
      : Inference(name),
        request_(std::move(request)),
        responder_(std::move(responder)),
        raw_(WantsRaw(request_)) {}

  Result<InferRequest> Decode(RequestedVersion& version) override;

  std::string_view Header(std::string_view name) const override { return request_.Find(name); }
  bool cancelled() const override { return responder_.cancelled(); }
  void Answer(Result<InferResponse> response) override { responder_.Send(ResponseTo(response)); }

 protected:
  HttpResponse ResponseTo(const Result<InferResponse>& response) const {
    return Guarded([&] { return Encode(response, raw_, arrival, trace_.get()); });
  }
  Responder& responder() { return responder_; }
  RequestTrace* trace() const { return trace_.get(); }

 private:
  HttpRequest request_;
  Responder responder_;
  const bool raw_;                       // the answer
  std::shared_ptr<RequestTrace> trace_;  // nullptr: none was asked for
};

Result<InferRequest> Prediction::Decode(RequestedVersion& version) {
  auto body = DecodeBody(request_, version);
  if (!body) return Fail(std::move(body.error()));
  if (raw_) {
    auto possible = CheckRawAnswer(version.signature(), body->options.outputs);
    if (!possible) return Fail(std::move(possible.error()));
  }
  if (body->options.trace) trace_ = std::make_shared<RequestTrace>();
  const bool bypass_cache = BypassesCache(request_);
  std::shared_ptr<const RequestContext> context;
  if (!body->parameters.empty()) {
    context = std::make_shared<RequestContext>("", std::move(body->parameters));
  }
  request_ = {};  // a body that no tensor shares takes no memory while the model runs
  return InferRequest{.version = {},
                      .inputs = std::move(body->inputs),
                      .outputs = std::move(body->options.outputs),
                      .timeout = body->options.timeout,
                      .priority = body->options.priority,
                      .bypass_cache = bypass_cache,
                      .cancelled = {},
                      .trace = trace_,
                      .stream = {},
                      .context = std::move(context)};
}

// Answers by server-sent events, each with what is else the whole answer.
class StreamedPrediction final : public Prediction {
 public:
  StreamedPrediction(HttpRequest request, const std::string& name, Responder responder)
      : Prediction(std::move(request), name, std::move(responder)),
        events_(std::move(this->responder())) {}

  bool cancelled() const override { return events_.cancelled(); }
  bool takes_parts() const override { return true; }
  std::size_t unsent() const override { return events_.unsent(); }
  void Part(const InferResponse& part, bool /*last*/) override { Send(part); }
  void Answer(Result<InferResponse> response) override;

 private:
  void Send(const InferResponse& response) {
    events_.Send([&] { return EncodeJson(response, arrival, trace()); });
  }

  EventAnswer events_;
};

void StreamedPrediction::Answer(Result<InferResponse> response) {
  if (!response) return events_.Refuse(ResponseTo(response));
  if (!response->version->signature().decoupled) Send(*response);
  events_.End();
}

}  // namespace

void HandlePredict(Service& service, HttpRequest request, const std::string& model,
                   Responder responder) {
  if (auto named = CheckName("model name", model); !named)
    return responder.Send(ErrorResponse(named.error()));
  if (WantsEvents(request)) {
    return Run(service, std::make_shared<StreamedPrediction>(std::move(request), model,
                                                             std::move(responder)));
  }
  Run(service, std::make_shared<Prediction>(std::move(request), model, std::move(responder)));
}

}  // namespace plinth::api
