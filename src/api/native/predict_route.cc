#include "api/native/predict_route.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/http/names.h"
#include "api/http/request_headers.h"
#include "api/http/responses.h"
#include "api/native/predict_decoder.h"
#include "api/native/predict_encoder.h"
#include "api/native/raw_codec.h"

namespace plinth::api {
namespace {

using net::HttpRequest;
using net::HttpResponse;
using net::Responder;

// How much of a sticky key counts.
constexpr std::size_t kLongestKey = 256;

// The version that one request is for, from what its headers, its query and its body say.
class RequestedVersion final : public VersionChoice {
 public:
  RequestedVersion(const Service& service, const HttpRequest& request, const std::string& model)
      : service_(service), request_(request), model_(model) {}

  Result<const Signature*> Presumed() override {
    if (auto looked = Look(); !looked) return Fail(std::move(looked.error()));
    return &preview_->version->signature();
  }

  Result<const Signature*> Named(std::string_view version) override {
    auto lease = service_.Resolve(model_, version);
    if (!lease) {
      refused_ = version;
      return Fail(std::move(lease.error()));
    }
    chosen_ = {*std::move(lease), {}};
    return &chosen_.version->signature();
  }

  Result<const Signature*> Routed(std::optional<std::string_view> key) override {
    if (auto looked = Look(); !looked) return Fail(std::move(looked.error()));
    if (preview_->settled) {
      chosen_ = {std::move(preview_->version), {}};
      return &chosen_.version->signature();
    }
    auto routed = service_.Route(model_, [&](const StickyKey& sticky) { return Key(sticky, key); });
    if (!routed) return Fail(std::move(routed.error()));
    chosen_ = *std::move(routed);
    return &chosen_.version->signature();
  }

  std::string_view sticky_field() override {
    return Look() ? std::string_view(preview_->sticky_field) : std::string_view();
  }

  // Of what was chosen by the last call of Named() or Routed().
  const Signature& signature() const { return chosen_.version->signature(); }
  plinth::Routed Take() && { return std::move(chosen_); }

  // The version that was named without success; empty for one that was to be routed.
  const std::string& refused() const { return refused_; }

  // Whose failure it is if the request goes no further: that of the version that was chosen, else
  // of the newest one. nullptr if there is none. Not after Take().
  const VersionLease* ForFailure() {
    if (chosen_.version) return &chosen_.version;
    return Look() ? &preview_->version : nullptr;
  }

 private:
  Status Look() {
    if (preview_) return {};
    auto preview = service_.Preview(model_);
    if (!preview) return Fail(std::move(preview.error()));
    preview_ = *std::move(preview);
    return {};
  }

  // `field` is the value of the field that Look() found to be the sticky one; the policy may have
  // changed since.
  std::optional<std::string_view> Key(const StickyKey& sticky,
                                      std::optional<std::string_view> field) const {
    std::string_view key;
    if (sticky.source == StickyKey::Source::kHeader) {
      key = request_.Find(sticky.name);
    } else if (field && sticky.name == preview_->sticky_field) {
      key = *field;
    }
    if (key.empty()) return std::nullopt;
    return key.substr(0, kLongestKey);
  }

  const Service& service_;
  const HttpRequest& request_;
  const std::string& model_;
  std::optional<RoutePreview> preview_;
  plinth::Routed chosen_;
  std::string refused_;
};

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

Result<PredictBody> Decode(const HttpRequest& request, VersionChoice& choice) {
  const auto kind = KindOfBody(request);
  if (!kind) return Fail(kind.error());
  return *kind == BodyKind::kRaw ? DecodeRaw(request, choice) : DecodePredict(request.body, choice);
}

// The request for the service, but for `cancelled`.
Result<InferRequest> MakeInferRequest(const HttpRequest& request, RequestedVersion& version,
                                      bool raw_answer, Clock::time_point arrival) {
  auto body = Decode(request, version);
  if (!body) return Fail(std::move(body.error()));
  if (raw_answer) {
    auto possible = CheckRawAnswer(version.signature(), body->options.outputs);
    if (!possible) return Fail(std::move(possible.error()));
  }
  plinth::Routed routed = std::move(version).Take();
  return InferRequest{.version = std::move(routed.version),
                      .shadow = std::move(routed.shadow),
                      .inputs = std::move(body->inputs),
                      .outputs = std::move(body->options.outputs),
                      .arrival = arrival,
                      .timeout = body->options.timeout,
                      .priority = body->options.priority,
                      .names_version = !body->options.version.empty(),
                      .bypass_cache = BypassesCache(request),
                      .cancelled = {}};
}

HttpResponse Answer(const Result<InferResponse>& response, bool raw, Clock::time_point arrival) {
  if (!response) return ErrorResponse(response.error());
  if (raw) {
    auto encoded = EncodeRaw(*response);
    return encoded ? *std::move(encoded) : ErrorResponse(encoded.error());
  }
  const std::chrono::duration<double, std::milli> latency = Clock::now() - arrival;
  return HttpResponse::Json(
      200, EncodePrediction(response->version->name(), response->version->version(),
                            response->outputs, latency.count(), response->cached));
}

// A request that waits for a lazy model to be loaded.
struct Waiting {
  HttpRequest request;
  std::string model;
  Responder responder;
};

// A model may be unloaded again before the request that had it loaded gets to it; but not for ever.
constexpr int kMaxLoads = 5;

void Predict(Service& service, const HttpRequest& request, const std::string& model,
             Responder& responder, Clock::time_point arrival, int loads);

void PredictOnceLoaded(Service& service, const HttpRequest& request, const std::string& model,
                       const std::string& version, Responder& responder, Clock::time_point arrival,
                       int loads) {
  const auto waiting = std::make_shared<Waiting>(request, model, std::move(responder));
  service.Wake(model, version, arrival, [&service, waiting, arrival, loads](const Status& loaded) {
    if (!loaded) return waiting->responder.Send(ErrorResponse(loaded.error()));
    try {
      Predict(service, waiting->request, waiting->model, waiting->responder, arrival, loads + 1);
    } catch (const std::bad_alloc&) {
      waiting->responder.Send(OutOfMemory());
    }
  });
}

// `loads` are those that the request has waited for.
void Predict(Service& service, const HttpRequest& request, const std::string& model,
             Responder& responder, Clock::time_point arrival, int loads) {
  RequestedVersion version(service, request, model);
  const bool raw = WantsRaw(request);
  auto infer = MakeInferRequest(request, version, raw, arrival);
  if (!infer) {
    const Code code = infer.error().code;
    if (code == Code::kUnavailable && loads < kMaxLoads &&
        service.Rests(model, version.refused())) {
      return PredictOnceLoaded(service, request, model, version.refused(), responder, arrival,
                               loads);
    }
    if (const VersionLease* const lease = version.ForFailure())
      service.CountFailure(*lease, code, arrival);
    return responder.Send(ErrorResponse(infer.error()));
  }
  const auto shared = std::make_shared<Responder>(std::move(responder));
  infer->cancelled = [shared] { return shared->cancelled(); };
  service.Infer(*std::move(infer), [shared, raw, arrival](Result<InferResponse> response) {
    shared->Send(Guarded([&] { return Answer(response, raw, arrival); }));
  });
}

}  // namespace

void HandlePredict(Service& service, const HttpRequest& request, const std::string& model,
                   Responder& responder) {
  if (auto named = CheckName("model name", model); !named)
    return responder.Send(ErrorResponse(named.error()));
  Predict(service, request, model, responder, Clock::now(), 0);
}

}  // namespace plinth::api
