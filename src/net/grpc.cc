#include "net/grpc.h"

namespace plinth::net {

GrpcStatus GrpcStatus::FromError(const Error& error) {
  return {InfoOf(error.code).grpc_status, error.message};
}

std::string_view GrpcCall::Find(std::string_view name) const {
  for (const Header& header : metadata) {
    if (header.name == name) return header.value;
  }
  return {};
}

GrpcWriter::~GrpcWriter() {
  if (sink_ == nullptr) return;
  Finish(GrpcStatus::FromError({Code::kInternal, "the server gave no answer to this call"}));
}

void GrpcWriter::Send(GrpcMessage message) {
  if (sink_ != nullptr) sink_->Send(std::move(message));
}

void GrpcWriter::Reply(GrpcMessage message) {
  if (const auto sink = std::exchange(sink_, nullptr)) sink->Reply(std::move(message));
}

void GrpcWriter::Finish(GrpcStatus status) {
  if (const auto sink = std::exchange(sink_, nullptr)) sink->Finish(std::move(status));
}

}  // namespace plinth::net
