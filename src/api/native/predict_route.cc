#include "api/native/predict_route.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "api/native/names.h"
#include "api/native/predict_decoder.h"
#include "api/native/predict_encoder.h"
#include "api/native/raw_codec.h"
#include "api/native/request_headers.h"
#include "api/native/responses.h"

namespace plinth::api {
namespace {

using net::HttpRequest;
using net::HttpResponse;
using net::Responder;

// The versions that one request asks about: the default one and the one that it names.
class Leases {
 public:
  Leases(const Service& service, const std::string& model) : service_(service), model_(model) {}

  Result<const Signature*> Find(std::string_view version) {
    const auto lease = Get(version);
    if (!lease) return Fail(lease.error());
    return &(**lease)->signature();
  }

  // The lease on that version, "" for the default one. Valid until the next two other versions are
  // asked for.
  Result<VersionLease*> Get(std::string_view version) {
    for (std::size_t i = 0; i < used_; ++i) {
      if (held_[i].version == version) return &held_[i].lease;
    }
    auto lease = service_.Resolve(model_, version);
    if (!lease) return Fail(std::move(lease.error()));
    Held& held = held_[std::min(used_, held_.size() - 1)];
    used_ = std::min(used_ + 1, held_.size());
    held = {std::string(version), *std::move(lease)};
    return &held.lease;
  }

  // Whose failure it is if the request goes no further: the version that was found last, else the
  // default one. nullptr if there is none.
  const VersionLease* ForFailure() {
    if (used_ > 0) return &held_[used_ - 1].lease;
    const auto lease = Get("");
    return lease ? *lease : nullptr;
  }

 private:
  struct Held {
    std::string version;
    VersionLease lease;
  };

  const Service& service_;
  const std::string& model_;
  std::array<Held, 2> held_;
  std::size_t used_ = 0;
};

// A raw request: the input's bytes in the body, everything else in the query and the headers.
Result<PredictBody> DecodeRaw(const HttpRequest& request, const SignatureLookup& lookup) {
  auto options = ParsePredictQuery(request.query);
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
  const auto signature = lookup(options->version);
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

Result<PredictBody> Decode(const HttpRequest& request, Leases& leases) {
  const auto kind = KindOfBody(request);
  if (!kind) return Fail(kind.error());
  const SignatureLookup lookup = [&](std::string_view version) { return leases.Find(version); };
  return *kind == BodyKind::kRaw ? DecodeRaw(request, lookup) : DecodePredict(request.body, lookup);
}

// The request for the service, but for `cancelled`.
Result<InferRequest> MakeInferRequest(const HttpRequest& request, Leases& leases, bool raw_answer,
                                      Clock::time_point arrival) {
  auto body = Decode(request, leases);
  if (!body) return Fail(std::move(body.error()));
  const auto lease = leases.Get(body->options.version);
  if (!lease) return Fail(lease.error());
  if (raw_answer) {
    auto possible = CheckRawAnswer((**lease)->signature(), body->options.outputs);
    if (!possible) return Fail(std::move(possible.error()));
  }
  return InferRequest{.version = std::move(**lease),
                      .inputs = std::move(body->inputs),
                      .outputs = std::move(body->options.outputs),
                      .arrival = arrival,
                      .timeout = body->options.timeout,
                      .priority = body->options.priority,
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

}  // namespace

void HandlePredict(Service& service, const HttpRequest& request, const std::string& model,
                   Responder& responder) {
  const Clock::time_point arrival = Clock::now();
  if (auto named = CheckName("model name", model); !named)
    return responder.Send(ErrorResponse(named.error()));
  Leases leases(service, model);
  const bool raw = WantsRaw(request);
  auto infer = MakeInferRequest(request, leases, raw, arrival);
  if (!infer) {
    if (const VersionLease* const lease = leases.ForFailure())
      service.CountFailure(*lease, infer.error().code, arrival);
    return responder.Send(ErrorResponse(infer.error()));
  }
  const auto shared = std::make_shared<Responder>(std::move(responder));
  infer->cancelled = [shared] { return shared->cancelled(); };
  service.Infer(*std::move(infer), [shared, raw, arrival](Result<InferResponse> response) {
    shared->Send(Guarded([&] { return Answer(response, raw, arrival); }));
  });
}

}  // namespace plinth::api
