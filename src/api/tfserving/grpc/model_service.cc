#include "api/tfserving/grpc/model_service.h"

#include <utility>

#include "api/tfserving/grpc/messages.h"
#include "api/tfserving/grpc/unary_call.h"
#include "api/tfserving/model_status.h"

namespace plinth::api::tfserving {
namespace {

Result<net::GrpcMessage> GetModelStatus(const Service& service, const Buffer& message) {
  auto request = protobuf::Guarded("a GetModelStatusRequest", [&]() -> Result<MetadataRequest> {
    return DecodeMetadataRequest(ViewOf(message));
  });
  if (!request) return Fail(std::move(request.error()));
  if (!request->has_spec) return Fail(Code::kInvalidArgument, "Missing ModelSpec");
  const auto versions = StatusOf(service, request->spec);
  if (!versions) return Fail(versions.error());
  return EncodeStatusResponse(*versions);
}

}  // namespace

std::vector<net::GrpcMethod> ModelServiceMethods(Service& service) {
  return {{"/tensorflow.serving.ModelService/GetModelStatus",
           net::GrpcUnary(
               [&service](const net::GrpcCall&, const Buffer& message, net::GrpcWriter writer) {
                 Reply(writer, [&] { return GetModelStatus(service, message); });
               })}};
}

}  // namespace plinth::api::tfserving
