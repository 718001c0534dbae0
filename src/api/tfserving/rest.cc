#include "api/tfserving/rest.h"

#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "api/http/request_headers.h"
#include "api/tfserving/errors.h"
#include "api/tfserving/examples_json.h"
#include "api/tfserving/inference.h"
#include "api/tfserving/model_status.h"
#include "api/tfserving/predict_json.h"
#include "api/tfserving/results.h"
#include "api/tfserving/signature_def.h"
#include "api/tfserving/target.h"

namespace plinth::api::tfserving {
namespace {

using net::HttpRequest;
using net::HttpResponse;
using net::Responder;

HttpResponse OutOfMemory() {
  return ErrorResponse({Code::kOutOfMemory, "there is no memory left for this request"});
}

template <typename Make>
HttpResponse Guarded(Make make) {
  try {
    return make();
  } catch (const std::bad_alloc&) {
    return OutOfMemory();
  }
}

template <typename Value, typename Encode>
HttpResponse Answer(const Result<Value>& value, Encode encode) {
  return value ? HttpResponse::Json(200, encode(*value)) : ErrorResponse(value.error());
}

// A request to run a model.
class RestCall : public ModelCall {
 public:
  RestCall(HttpRequest request, Responder responder, ModelSpec spec)
      : ModelCall(std::move(spec)),
        request_(std::move(request)),
        responder_(std::move(responder)) {}

  std::string_view Header(std::string_view name) const override { return request_.Find(name); }
  bool cancelled() const override { return responder_.cancelled(); }

 protected:
  const Buffer& body() const { return request_.body; }
  bool bypass_cache() const override { return BypassesCache(request_); }
  void Respond(Result<InferResponse> response) override {
    responder_.Send(Guarded([&] {
      if (!response) return ErrorResponse(response.error());
      auto body = Encode(*response);
      return body ? HttpResponse::Json(200, *std::move(body)) : ErrorResponse(body.error());
    }));
  }

  virtual Result<std::string> Encode(const InferResponse& response) = 0;

 private:
  const HttpRequest request_;
  Responder responder_;
};

class PredictCall final : public RestCall {
 public:
  using RestCall::RestCall;

 private:
  Result<DecodedCall> DecodeInputs(const ModelVersion& version) override {
    auto decoded = DecodePredictJson(body(), version.signature(), [&](std::string_view signature) {
      return HasSignature(version.config(), kPredictMethod, signature);
    });
    if (!decoded) return Fail(std::move(decoded.error()));
    format_ = decoded->format;
    return DecodedCall{std::move(decoded->inputs), {}};
  }

  Result<std::string> Encode(const InferResponse& response) override {
    return EncodePredictJson(response.outputs, format_);
  }

  JsonFormat format_ = JsonFormat::kRows;
};

// A request with examples, for classes or for a regression.
class ExamplesCall final : public RestCall {
 public:
  ExamplesCall(HttpRequest request, Responder responder, ModelSpec spec, bool classify)
      : RestCall(std::move(request), std::move(responder), std::move(spec)), classify_(classify) {}

 private:
  Result<DecodedCall> DecodeInputs(const ModelVersion& version) override {
    auto decoded = DecodeExamplesJson(body(), version.signature());
    if (!decoded) return Fail(std::move(decoded.error()));
    const std::string_view method = classify_ ? kClassifyMethod : kRegressMethod;
    if (!HasSignature(version.config(), method, decoded->signature_name)) {
      return Fail(Code::kInvalidArgument,
                  "No signature was found with the name: " + decoded->signature_name);
    }
    auto outputs =
        classify_ ? OutputsToClassify(version.signature()) : OutputsToRegress(version.signature());
    if (!outputs) return Fail(std::move(outputs.error()));
    examples_ = decoded->count;
    return DecodedCall{std::move(decoded->inputs), *std::move(outputs)};
  }

  Result<std::string> Encode(const InferResponse& response) override {
    const Signature& signature = response.version->signature();
    if (!classify_) {
      const auto values = RegressionOf(signature, response.outputs, examples_);
      if (!values) return Fail(values.error());
      return EncodeRegression(*values);
    }
    const auto classes = Classification::Of(signature, response.version->config().class_labels,
                                            response.outputs, examples_);
    if (!classes) return Fail(classes.error());
    return EncodeClassification(*classes);
  }

  const bool classify_;
  std::int64_t examples_ = 0;
};

void Handle(Service& service, HttpRequest request, Responder& responder) {
  auto target = ParseTarget(request.verb, request.path);
  if (!target) return responder.Send(ErrorResponse(target.error()));
  switch (target->method) {
    case Method::kStatus:
      return responder.Send(Answer(StatusOf(service, target->spec), EncodeStatus));
    case Method::kMetadata:
      return responder.Send(Answer(DescribeServable(service, target->spec), EncodeMetadata));
    default:
      break;
  }
  if (target->method == Method::kPredict) {
    return Run(service, std::make_shared<PredictCall>(std::move(request), std::move(responder),
                                                      std::move(target->spec)));
  }
  const bool classify = target->method == Method::kClassify;
  Run(service, std::make_shared<ExamplesCall>(std::move(request), std::move(responder),
                                              std::move(target->spec), classify));
}

}  // namespace

net::HttpHandler MakeRestApi(Service& service) {
  return [&service](HttpRequest request, Responder responder) {
    try {
      Handle(service, std::move(request), responder);
    } catch (const std::bad_alloc&) {
      responder.Send(OutOfMemory());
    }
  };
}

}  // namespace plinth::api::tfserving
