#include "api/tfserving/grpc/prediction_service.h"

#include <new>
#include <string>
#include <utility>

#include "api/tfserving/grpc/examples_methods.h"
#include "api/tfserving/grpc/messages.h"
#include "api/tfserving/grpc/predict_method.h"
#include "api/tfserving/grpc/unary_call.h"
#include "api/tfserving/model_status.h"

namespace plinth::api::tfserving {
namespace {

Status CheckMetadataRequest(const MetadataRequest& request) {
  const auto invalid = [](std::string message) {
    return Fail(Code::kInvalidArgument, std::move(message));
  };
  if (!request.has_spec) return invalid("Missing ModelSpec");
  if (request.fields.empty())
    return invalid("GetModelMetadataRequest must specify at least one metadata_field");
  for (const std::string& field : request.fields) {
    if (field != "signature_def") return invalid("Metadata field " + field + " is not supported");
  }
  return {};
}

Result<net::GrpcMessage> GetModelMetadata(const Service& service, const Buffer& message) {
  auto request = protobuf::Guarded("a GetModelMetadataRequest", [&]() -> Result<MetadataRequest> {
    return DecodeMetadataRequest(ViewOf(message));
  });
  if (!request) return Fail(std::move(request.error()));
  if (auto checked = CheckMetadataRequest(*request); !checked) return Fail(checked.error());
  const auto version = DescribeServable(service, request->spec);
  if (!version) return Fail(version.error());
  ModelSpec spec;
  spec.name = version->name;
  return EncodeMetadataResponse(EncodeModelSpec(spec, version->version), *version);
}

using Handler = void (*)(Service&, net::GrpcCall, Buffer, net::GrpcWriter);

net::GrpcMethod Method(Service& service, std::string name, Handler handler) {
  return {"/tensorflow.serving.PredictionService/" + std::move(name),
          net::GrpcUnary(
              [&service, handler](net::GrpcCall call, Buffer message, net::GrpcWriter writer) {
                try {
                  handler(service, std::move(call), std::move(message), std::move(writer));
                } catch (const std::bad_alloc&) {
                  // Unless it was handed on, and has ended the call as it went.
                  writer.Finish(net::GrpcStatus::FromError(
                      {Code::kOutOfMemory, "there is no memory left for this request"}));
                }
              })};
}

}  // namespace

std::vector<net::GrpcMethod> PredictionServiceMethods(Service& service) {
  return {Method(service, "Predict", HandlePredict), Method(service, "Classify", HandleClassify),
          Method(service, "Regress", HandleRegress),
          Method(service, "MultiInference", HandleMultiInference),
          Method(service, "GetModelMetadata",
                 [](Service& models, net::GrpcCall, Buffer message, net::GrpcWriter writer) {
                   Reply(writer, [&] { return GetModelMetadata(models, message); });
                 })};
}

}  // namespace plinth::api::tfserving
