#include "api/tfserving/grpc/predict_method.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "api/tfserving/data_type.h"
#include "api/tfserving/grpc/tensor_proto.h"
#include "api/tfserving/grpc/unary_call.h"
#include "api/tfserving/signature_def.h"
#include "serving/input_fit.h"

namespace plinth::api::tfserving {
namespace {

using Names = std::set<std::string_view>;

std::unexpected<Error> Invalid(std::string message) {
  return Fail(Code::kInvalidArgument, std::move(message));
}

std::string Joined(const Names& names) {
  std::string list;
  for (const std::string_view name : names) list.append(list.empty() ? "" : ",").append(name);
  return list;
}

Names Without(const Names& names, const Names& others) {
  Names left;
  std::ranges::set_difference(names, others, std::inserter(left, left.end()));
  return left;
}

Names NamesOf(std::span<const TensorSpec> specs) {
  Names names;
  for (const TensorSpec& spec : specs) names.insert(spec.name);
  return names;
}

Status CheckInputNames(const PredictRequest& request, std::span<const TensorSpec> specs) {
  Names given;
  for (const auto& input : request.inputs) given.insert(input.first);
  const Names known = NamesOf(specs);
  Names required;
  for (const TensorSpec& spec : specs) {
    if (!spec.optional) required.insert(spec.name);
  }
  if (given.size() > known.size() || given.size() < required.size()) {
    return Invalid("input size does not match signature: " + std::to_string(given.size()) +
                   "!=" + std::to_string(known.size()) + " len({" + Joined(given) + "}) != len({" +
                   Joined(known) + "}). Sent extra: {" + Joined(Without(given, known)) +
                   "}. Missing but required: {" + Joined(Without(required, given)) + "}.");
  }
  for (const std::string_view name : Without(given, known)) {
    return Invalid("input tensor alias not found in signature: " + std::string(name) +
                   ". Inputs expected to be in the set {" + Joined(known) + "}.");
  }
  return {};
}

Status CheckType(std::span<const TensorSpec> specs, const std::string& name, DType type) {
  const TensorSpec* const spec = FindSpec(specs, name);
  if (spec->dtype == DType::kAny || spec->dtype == type) return {};
  if (spec->fitted && Converts(type, spec->dtype)) return {};
  return Invalid("Expects arg[" + std::to_string(spec - specs.data()) + "] (" + name + ") to be " +
                 std::string(DataTypeWord(spec->dtype)) + " but " +
                 std::string(DataTypeWord(type)) + " is provided");
}

Status CheckFilter(const std::vector<std::string>& filter, const Signature& signature) {
  Names seen;
  for (const std::string& name : filter) {
    if (!signature.FindOutput(name)) {
      return Invalid("output tensor alias not found in signature: " + name +
                     " Outputs expected to be in the set {" + Joined(NamesOf(signature.outputs)) +
                     "}.");
    }
    if (!seen.insert(name).second) return Invalid("duplicate output tensor alias: " + name);
  }
  return {};
}

class PredictCall final : public UnaryCall {
 public:
  PredictCall(net::GrpcCall call, Buffer message, net::GrpcWriter writer, PredictRequest request)
      : UnaryCall(std::move(call), std::move(message), std::move(writer), request.spec),
        request_(std::move(request)) {}

 private:
  Result<DecodedCall> DecodeInputs(const ModelVersion& version) override {
    return protobuf::Guarded("a PredictRequest", [&] {
      return DecodePredict(request_, message(), version.signature(), version.config());
    });
  }
  Result<net::GrpcMessage> Encode(const InferResponse& response) override {
    return EncodePredictResponse(EncodeModelSpec(Answered(spec()), response.version->version()),
                                 response.outputs);
  }

  const PredictRequest request_;
};

}  // namespace

Result<DecodedCall> DecodePredict(const PredictRequest& request, const Buffer& message,
                                  const Signature& signature, const ModelConfig& config) {
  if (!HasSignature(config, kPredictMethod, request.spec.signature_name)) {
    return Fail(Code::kFailedPrecondition,
                "Serving signature key \"" + request.spec.signature_name + "\" not found.");
  }
  const std::span<const TensorSpec> specs =
      request.inputs.empty() ? signature.inputs : signature.FormOf(request.inputs.begin()->first);
  if (auto checked = CheckInputNames(request, specs); !checked) return Fail(checked.error());
  DecodedCall call;
  std::size_t fill_budget = kMostFilledBytes;
  for (const auto& [name, proto] : request.inputs) {
    auto tensor = DecodeTensorProto(proto, message, fill_budget);
    if (!tensor) return Fail(tensor.error().Annotate("tensor parsing error: " + name));
    if (auto checked = CheckType(specs, name, tensor->dtype()); !checked)
      return Fail(checked.error());
    call.inputs.push_back({name, *std::move(tensor)});
  }
  if (auto checked = CheckFilter(request.output_filter, signature); !checked)
    return Fail(checked.error());
  call.outputs = request.output_filter;
  return call;
}

void HandlePredict(Service& service, net::GrpcCall call, Buffer message, net::GrpcWriter writer) {
  auto request = protobuf::Guarded("a PredictRequest", [&]() -> Result<PredictRequest> {
    return DecodePredictRequest(ViewOf(message));
  });
  if (!request) return writer.Finish(net::GrpcStatus::FromError(request.error()));
  Run(service, std::make_shared<PredictCall>(std::move(call), std::move(message), std::move(writer),
                                             *std::move(request)));
}

}  // namespace plinth::api::tfserving
