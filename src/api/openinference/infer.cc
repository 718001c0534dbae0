#include "api/openinference/infer.h"

#include <charconv>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/http/request_headers.h"
#include "api/openinference/infer_answer.h"
#include "api/openinference/infer_json.h"
#include "api/openinference/infer_request.h"
#include "api/openinference/infer_start.h"
#include "api/openinference/raw_request.h"
#include "api/openinference/rest_inference.h"

namespace plinth::api::openinference {
namespace {

using net::HttpRequest;
using net::HttpResponse;

constexpr std::string_view kHeaderLength = "Inference-Header-Content-Length";

// How many bytes of the body are JSON; nothing if the request does not say.
Result<std::optional<std::size_t>> HeaderLengthOf(const HttpRequest& request) {
  const std::string_view text = request.Find(kHeaderLength);
  if (text.empty()) return std::nullopt;
  std::int64_t length = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (failed != std::errc() || end != text.data() + text.size()) {
    return Fail(Code::kInvalidArgument,
                "Unable to parse " + std::string(kHeaderLength) + ", got: " + std::string(text));
  }
  const std::size_t size = request.body.size();
  if (length < 0 || static_cast<std::uint64_t>(length) > size) {
    return Fail(Code::kInvalidArgument, "inference header size should be in range (0, " +
                                            std::to_string(size) + "), got: " + std::string(text));
  }
  return static_cast<std::size_t>(length);
}

class InferCall final : public RestInference {
 public:
  using RestInference::RestInference;
  Result<InferRequest> Decode(RequestedVersion& version) override;

 private:
  Result<InferBody> ReadBody(RequestedVersion& version) const;
  Result<HttpResponse> Encode(const InferResponse& response) override;

  InferBody body_;
  SharedInputs shared_;
};

Result<InferBody> InferCall::ReadBody(RequestedVersion& version) const {
  const auto length = HeaderLengthOf(request());
  if (!length) return Fail(length.error());
  const Buffer& body = request().body;
  const std::size_t json = length->value_or(body.size());
  if (json == 0 && length->has_value()) return ReadRawRequest(body);
  return ReadInferJson({body.As<char>(), json}, body.Slice(json, body.size() - json), model,
                       version.sticky_field(), context().shared_memory);
}

Result<InferRequest> InferCall::Decode(RequestedVersion& version) {
  if (auto found = CheckModel(version); !found) return Fail(std::move(found.error()));
  auto body = ReadBody(version);
  if (!body) return Fail(std::move(body.error()));
  body_ = *std::move(body);
  if (auto chosen = Choose(version, body_.sticky_key); !chosen) return Fail(chosen.error());
  auto infer = StartInference(body_, version.chosen(), shared_);
  if (!infer) return infer;
  infer->bypass_cache = BypassesCache(request());
  DropRequest();
  return infer;
}

Result<HttpResponse> InferCall::Encode(const InferResponse& response) {
  if (auto whole = CheckShared(shared_); !whole) return Fail(std::move(whole.error()));
  return EncodeInferAnswer(body_, response);
}

}  // namespace

void HandleInfer(RestContext& context, RestCall call) {
  Run(context.service, std::make_shared<InferCall>(context, std::move(call)));
}

}  // namespace plinth::api::openinference
