// What the methods have in common.
#pragma once

#include <new>
#include <optional>
#include <string_view>
#include <utility>

#include "api/tfserving/inference.h"
#include "base/buffer.h"
#include "net/grpc.h"

namespace plinth::api::tfserving {

// Ends the call with what `make` gives, a Result<net::GrpcMessage>; it may run out of memory.
template <typename Make>
void Reply(net::GrpcWriter& writer, Make make) {
  auto message = [&]() -> Result<net::GrpcMessage> {
    try {
      return make();
    } catch (const std::bad_alloc&) {
      return Fail(Code::kOutOfMemory, "there is no memory left for this request");
    }
  }();
  if (!message) return writer.Finish(net::GrpcStatus::FromError(message.error()));
  writer.Reply(*std::move(message));
}

// A call to run a model.
class UnaryCall : public ModelCall {
 public:
  UnaryCall(net::GrpcCall call, Buffer message, net::GrpcWriter writer, ModelSpec spec)
      : ModelCall(std::move(spec)),
        call_(std::move(call)),
        message_(std::move(message)),
        writer_(std::move(writer)) {}

  std::string_view Header(std::string_view name) const override { return call_.Find(name); }
  bool cancelled() const override { return writer_.cancelled(); }

 protected:
  const Buffer& message() const { return message_; }
  std::optional<Clock::time_point> deadline() const override { return call_.deadline; }
  void Respond(Result<InferResponse> response) override {
    Reply(writer_, [&]() -> Result<net::GrpcMessage> {
      if (!response) return Fail(std::move(response.error()));
      return Encode(*response);
    });
  }

  virtual Result<net::GrpcMessage> Encode(const InferResponse& response) = 0;

 private:
  const net::GrpcCall call_;
  const Buffer message_;
  net::GrpcWriter writer_;
};

}  // namespace plinth::api::tfserving
